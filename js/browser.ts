import {
  type BrowserIndexOptions,
  type BrowserRepairOptions,
  splitHome,
} from './browser-options.ts';
import { LocalIndexBase } from './local-index.ts';
import { repairIndex } from './repair.ts';
import type { Metadata, RepairResult } from './types.ts';
import { selectEngine } from './worker/select.ts';

/**
 * A vector index of this origin, kept under a name. The engine runs in a worker, so that nothing holds the page up.
 *
 * The folder `memory:name` keeps the index in the worker's memory, whatever the storage of others is.
 *
 * @example
 * import { LocalIndex } from 'quiverdb';
 *
 * await using index = new LocalIndex('films');
 * if (!(await index.isIndexCreated())) await index.createIndex();
 */
export class LocalIndex<TMetadata extends object = Metadata> extends LocalIndexBase<TMetadata> {
  /** @throws {QuiverError} `INVALID_ARGUMENT` */
  constructor(folderPath: string, options: BrowserIndexOptions = {}) {
    const { home, rest } = splitHome('the options of LocalIndex', options);
    super((backend) => selectEngine(backend, home), folderPath, rest);
  }

  /**
   * Makes an index in the folder `target` of all that is whole in the damaged one in `source`, which is only read and may
   * lack any of its files. What is kept is what was written; `problems` says what was wrong.
   *
   * @example
   * const { itemsKept, itemsLost, problems } = await LocalIndex.repair('films', 'repaired');
   * @throws {QuiverError} `INDEX_NOT_FOUND` when `source` has no file of an index, `INDEX_EXISTS` when `target` has one,
   * `LOCKED` while another tab has either open
   */
  static repair(
    source: string,
    target: string,
    options: BrowserRepairOptions = {},
  ): Promise<RepairResult> {
    const { home, rest } = splitHome('the options of repair', options);
    return repairIndex((backend) => selectEngine(backend, home), source, target, rest);
  }
}

export type { BrowserIndexOptions, BrowserRepairOptions, HomeOptions } from './browser-options.ts';
export * from './exports.ts';
