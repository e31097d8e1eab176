import { type ArchiveSource, importArchive, importFromUrl } from './archive/import.ts';
import {
  type BrowserDownloadOptions,
  type BrowserImportOptions,
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

  /**
   * Makes an index in a folder of what `exportArchive` gave, or of a tar of an index's folder: from a stream, a Blob (a file
   * that was chosen) or bytes. It is checked as `verify` does before it appears, whole; when it fails, nothing is left.
   * Resolves to the index.
   *
   * @throws {QuiverError} `CORRUPT_FILE`, `INDEX_EXISTS`, `NO_SPACE`
   */
  static async importArchive<TMetadata extends object = Metadata>(
    source: ArchiveSource,
    folderPath: string,
    options: BrowserImportOptions = {},
  ): Promise<LocalIndex<TMetadata>> {
    const { home, rest } = splitHome('the options of importArchive', options);
    await importArchive((backend) => selectEngine(backend, home), source, folderPath, rest);
    return new LocalIndex<TMetadata>(folderPath, home);
  }

  /**
   * The same of an archive that a server has. When the connection breaks it goes on from there, if the server has ranges.
   *
   * @example
   * const index = await LocalIndex.fromUrl('/films.tar', 'films', {
   *   onProgress: ({ done, total }) => console.log(done, total),
   * });
   * @throws {QuiverError} `IO_ERROR` when it cannot be fetched; as `importArchive`
   */
  static async fromUrl<TMetadata extends object = Metadata>(
    url: string | URL,
    folderPath: string,
    options: BrowserDownloadOptions = {},
  ): Promise<LocalIndex<TMetadata>> {
    const { home, rest } = splitHome('the options of fromUrl', options);
    await importFromUrl((backend) => selectEngine(backend, home), url, folderPath, rest);
    return new LocalIndex<TMetadata>(folderPath, home);
  }

  /**
   * Asks the browser to keep this origin's data when the disk gets full, which it else may remove. Resolves to whether it
   * does; some ask the user.
   */
  static async persist(): Promise<boolean> {
    return (await globalThis.navigator?.storage?.persist?.()) ?? false;
  }

  /** The bytes that this origin has stored, all of its data together, and may store, about. */
  static async storageEstimate(): Promise<{ usage: number; quota: number }> {
    const { usage = 0, quota = 0 } = (await globalThis.navigator?.storage?.estimate?.()) ?? {};
    return { usage, quota };
  }
}

export type {
  BrowserDownloadOptions,
  BrowserImportOptions,
  BrowserIndexOptions,
  BrowserRepairOptions,
  HomeOptions,
} from './browser-options.ts';
export * from './exports.ts';
