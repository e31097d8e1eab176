import { parseByteSize } from './bytes.ts';
import type { EngineSession, LoadedEngine, StorageKind } from './engine/engine.ts';
import { type ErrorContext, fromEngine, QuiverError } from './errors.ts';
import { buildKeys, defaults, type LocalIndexOptions } from './options.ts';
import { memoryPrefix } from './storage/routed-fs.ts';
import type { Metric, Quantization } from './types.ts';
import { packOpenOptions, readUserConfig, type UserConfig } from './wire/config.ts';
import { op, packWords, theQuery } from './wire/requests.ts';
import { readMap } from './wire/results.ts';
import { dimensionMismatch } from './wire/vector.ts';

/** An index that is open: the engine's session, what is known of the index, and its errors in our words. */
export class OpenIndex {
  readonly loaded: LoadedEngine;
  /** The length of the vectors, 0 while it is not known. */
  dimensions: number;
  readonly metric: Metric;
  readonly M: number;
  readonly efConstruction: number | 'auto';
  readonly quantization: Quantization;
  readonly user: UserConfig;
  readonly #session: EngineSession;
  readonly #folder: string;

  private constructor(
    loaded: LoadedEngine,
    session: EngineSession,
    folder: string,
    stats: Record<string, unknown>,
  ) {
    this.loaded = loaded;
    this.#session = session;
    this.#folder = folder;
    this.dimensions = stats['dimensions'] as number;
    this.metric = stats['metric'] as Metric;
    this.M = stats['M'] as number;
    this.efConstruction = (stats['efConstruction'] as number | null) ?? 'auto';
    this.quantization = stats['quantization'] as Quantization;
    this.user = readUserConfig(stats['user']);
  }

  /** @throws {QuiverError} `INDEX_NOT_FOUND`, `CORRUPT_FILE`, …; `INVALID_ARGUMENT` when it was made otherwise */
  static async open(
    loaded: LoadedEngine,
    folder: string,
    options: LocalIndexOptions,
  ): Promise<OpenIndex> {
    const { durability = defaults.durability, readOnly = false } = options;
    const { sealThreshold, useMmap, mmapThreshold, slowQueryMs, cacheTtlMs } = options;
    const memoryLimit = parseByteSize(options.memoryLimit);
    const cacheSize = options.cacheSize === 0 ? 0 : parseByteSize(options.cacheSize);
    let session: EngineSession;
    try {
      session = await loaded.engine.open(
        folder,
        packOpenOptions({
          durability,
          readOnly,
          sealThreshold,
          useMmap,
          mmapThreshold,
          memoryLimit,
          slowQueryMs,
          cacheSize,
          cacheTtlMs,
        }),
      );
    } catch (error) {
      throw fromEngine(error, { folder });
    }
    try {
      const stats = readMap(await session.read(packWords(op.stats)));
      const index = new OpenIndex(loaded, session, folder, stats);
      index.#checkAgrees(options);
      return index;
    } catch (error) {
      await session.close();
      throw fromEngine(error, { folder });
    }
  }

  /** Where its files are. */
  get storage(): StorageKind {
    return this.#folder.startsWith(memoryPrefix) ? 'memory' : this.loaded.engine.storage;
  }

  async read(request: Uint8Array, context: ErrorContext = {}): Promise<Uint8Array> {
    try {
      return await this.#session.read(request);
    } catch (error) {
      throw fromEngine(error, { folder: this.#folder, ...context });
    }
  }

  /** Whether {@link readNow} ever answers. */
  get answersNow(): boolean {
    return this.#session.readNow !== undefined;
  }

  /** As the session's; undefined where that has no such thing. */
  readNow(room: Uint8Array, context: ErrorContext = {}): number | Uint8Array | undefined {
    try {
      return this.#session.readNow?.(room);
    } catch (error) {
      throw fromEngine(error, { folder: this.#folder, ...context });
    }
  }

  readSync(room: Uint8Array, length: number, context: ErrorContext = {}): number | Uint8Array {
    try {
      return this.#session.readSync(room, length);
    } catch (error) {
      throw fromEngine(error, { folder: this.#folder, ...context });
    }
  }

  async write(request: Uint8Array, context: ErrorContext = {}): Promise<Uint8Array> {
    try {
      return await this.#session.write(request);
    } catch (error) {
      throw fromEngine(error, { folder: this.#folder, ...context });
    }
  }

  /** Why maintenance stopped, undefined when it did not. */
  maintenanceError(): QuiverError | undefined {
    const error = this.#session.maintenanceError?.();
    return error === undefined ? undefined : fromEngine(error, { folder: this.#folder });
  }

  async close(): Promise<void> {
    try {
      await this.#session.close();
    } catch (error) {
      throw fromEngine(error, { folder: this.#folder });
    }
  }

  /** @throws {QuiverError} `DIMENSION_MISMATCH` */
  checkQuery(dimensions: number): void {
    if (this.dimensions !== 0 && dimensions !== this.dimensions) {
      throw dimensionMismatch(theQuery(), this.dimensions, dimensions);
    }
  }

  #checkAgrees(options: LocalIndexOptions): void {
    if (this.dimensions === 0) this.dimensions = options.dimensions ?? 0;
    for (const name of buildKeys) {
      const [expected, actual] = [options[name], this[name]];
      if (expected === undefined || expected === actual) continue;
      throw new QuiverError(
        name === 'dimensions' ? 'DIMENSION_MISMATCH' : 'INVALID_ARGUMENT',
        `The index in ${this.#folder} was made with ${name} ${actual}, but the options say ${expected}`,
        { folder: this.#folder, path: name, expected, actual },
      );
    }
  }
}
