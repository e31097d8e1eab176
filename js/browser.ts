import { selectEngine } from './engine/select-browser.ts';
import { LocalIndexBase } from './local-index.ts';
import type { LocalIndexOptions, RepairOptions } from './options.ts';
import { repairIndex } from './repair.ts';
import type { Metadata, RepairResult } from './types.ts';

/**
 * A vector index in this page's memory. `folderPath` is only its name: two objects of the same name share one index,
 * which is gone when the page is.
 */
export class LocalIndex<TMetadata extends object = Metadata> extends LocalIndexBase<TMetadata> {
  /** @throws {QuiverError} `INVALID_ARGUMENT` */
  constructor(folderPath: string, options: LocalIndexOptions = {}) {
    super(selectEngine, folderPath, options);
  }

  /**
   * Makes an index in the folder `target` of all that is whole in the damaged one in `source`, which is only read and may
   * lack any of its files. What is kept is what was written; `problems` says what was wrong.
   *
   * @example
   * const { itemsKept, itemsLost, problems } = await LocalIndex.repair('films', 'repaired');
   * @throws {QuiverError} `INDEX_NOT_FOUND` when `source` has no file of an index, `INDEX_EXISTS` when `target` has one,
   * `LOCKED` while a process writes to either
   */
  static repair(
    source: string,
    target: string,
    options: RepairOptions = {},
  ): Promise<RepairResult> {
    return repairIndex(selectEngine, source, target, options);
  }
}

export * from './exports.ts';
