import type { FolderFiles } from '../storage/host-files.ts';

/** Which implementation of the core runs. */
export type Backend = 'native' | 'wasm';

/** Where the files of an index are kept. */
export type StorageKind = 'disk' | 'memory' | 'opfs' | 'indexeddb';

/**
 * One implementation of the core, the addon's or the WASM module's. Both take and give the bytes that
 * docs/engine-messages.md lays out, and reject with Error-like objects `{code, message, item}`.
 */
export interface Engine {
  readonly backend: Backend;
  /** The instruction set its kernels use, such as `avx2`. */
  readonly simd: string;
  /** How many reads can run at the same time. */
  readonly threads: number;
  /** Where folders are kept, but those whose names begin with `memory:`. */
  readonly storage: StorageKind;
  readonly files: FolderFiles;
  create(folder: string, config: Uint8Array): Promise<void>;
  exists(folder: string): Promise<boolean>;
  destroy(folder: string): Promise<void>;
  /** Resolves to the report, a msgpack map. */
  repair(source: string, target: string): Promise<Uint8Array>;
  open(folder: string, options: Uint8Array): Promise<EngineSession>;
}

/** An open index. Owns the bytes it is given; the bytes it gives start at an 8-aligned offset of their buffer. */
export interface EngineSession {
  /** Any number at once, in any order. */
  read(request: Uint8Array): Promise<Uint8Array>;
  /**
   * Answers on this thread the request that stands at the start of `room`, if that is likely to take but a moment; else gives
   * undefined. The response takes the request's place, and its length is given; one that has not the room is given itself.
   */
  readNow?(room: Uint8Array): number | Uint8Array | undefined;
  /** The same however long it takes. `length` is the request's. */
  readSync(room: Uint8Array, length: number): number | Uint8Array;
  /** Carried out in the order of the calls. */
  write(request: Uint8Array): Promise<Uint8Array>;
  /** Why maintenance stopped, where the binding drives it itself. */
  maintenanceError?(): unknown;
  /** After all calls made before it. Later calls reject with `CLOSED`. */
  close(): Promise<void>;
}

/** An engine, and why it is this one: one sentence for each way of loading that was tried. */
export interface LoadedEngine {
  readonly engine: Engine;
  readonly attempts: readonly string[];
}

/** How an index comes by its engine; `undefined` leaves the choice to the environment. */
export type EngineLoader = (backend: Backend | undefined) => Promise<LoadedEngine>;
