import { type ArchiveSource, importArchive, importFromUrl } from './archive/import.ts';
import { selectEngine } from './engine/select.ts';
import { LocalIndexBase } from './local-index.ts';
import type {
  DownloadOptions,
  ImportOptions,
  LocalIndexOptions,
  RepairOptions,
} from './options.ts';
import { repairIndex } from './repair.ts';
import type { Metadata, RepairResult } from './types.ts';

/**
 * A vector index in a folder.
 *
 * The folder `memory:name` keeps the index in this thread's memory (WebAssembly only), for tests and scratch work.
 *
 * @example
 * import { LocalIndex } from 'quiverdb';
 *
 * await using index = new LocalIndex<{ genre: string }>('./films');
 * if (!(await index.isIndexCreated())) await index.createIndex();
 * await index.insertItem({ id: 'alien', vector: [0.1, 0.9], metadata: { genre: 'horror' } });
 * const results = await index.queryItems([0.2, 0.8], '', 10, { genre: 'horror' });
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
   * const { itemsKept, itemsLost, problems } = await LocalIndex.repair('./films', './films-repaired');
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
    options: ImportOptions = {},
  ): Promise<LocalIndex<TMetadata>> {
    await importArchive(selectEngine, source, folderPath, options);
    return new LocalIndex<TMetadata>(
      folderPath,
      options.backend === undefined ? {} : { backend: options.backend },
    );
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
    options: DownloadOptions = {},
  ): Promise<LocalIndex<TMetadata>> {
    await importFromUrl(selectEngine, url, folderPath, options);
    return new LocalIndex<TMetadata>(
      folderPath,
      options.backend === undefined ? {} : { backend: options.backend },
    );
  }
}

export * from './exports.ts';
