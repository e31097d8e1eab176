import { Slices, scheduleInBackground } from '../event-loop.ts';
import type { HostFs } from '../storage/host-fs.ts';
import { readMap } from '../wire/results.ts';
import type { Engine, EngineSession, StorageKind } from './engine.ts';
import { WasmCalls, type WasmFactory } from './wasm-module.ts';

/** Maintenance runs in pieces about this long: its steps take about a millisecond. */
const pumpBudgetMicros = 4000;

/**
 * Loads the WASM module over a file system, which keeps files as `storage` says. The module is only read when this is called.
 *
 * @param wasmBinary - the bytes of quiver.wasm; without them they are fetched from beside the glue, as in a browser
 */
export async function loadWasmEngine(
  host: HostFs,
  storage: StorageKind,
  wasmBinary?: Uint8Array<ArrayBuffer>,
): Promise<Engine> {
  const { default: factory } = (await import('../../build/wasm/quiver.mjs')) as {
    default: WasmFactory;
  };
  return new WasmEngine(
    new WasmCalls(
      await factory({ quiverHost: host, ...(wasmBinary === undefined ? {} : { wasmBinary }) }),
    ),
    storage,
  );
}

/** Runs calls one after the other on this thread, and lets the event loop run between them when they take long. */
class Queue {
  #tail: Promise<unknown> = Promise.resolve();
  readonly #slices: Slices = new Slices();

  run<T>(call: () => T): Promise<T> {
    const result = this.#tail.then(async () => {
      if (this.#slices.over) await this.#slices.next();
      return call();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

class WasmEngine implements Engine {
  readonly backend = 'wasm';
  readonly storage: StorageKind;
  readonly simd: string;
  readonly threads = 1;
  readonly #calls: WasmCalls;
  readonly #queue: Queue = new Queue();

  constructor(calls: WasmCalls, storage: StorageKind) {
    this.#calls = calls;
    this.storage = storage;
    this.simd = String(readMap(calls.capabilities())['simd']);
  }

  create(folder: string, config: Uint8Array): Promise<void> {
    return this.#queue.run(() => this.#calls.create(folder, config));
  }

  exists(folder: string): Promise<boolean> {
    return this.#queue.run(() => this.#calls.exists(folder));
  }

  destroy(folder: string): Promise<void> {
    return this.#queue.run(() => this.#calls.destroy(folder));
  }

  repair(source: string, target: string): Promise<Uint8Array> {
    return this.#queue.run(() => this.#calls.repair(source, target));
  }

  async open(folder: string, options: Uint8Array): Promise<EngineSession> {
    const handle = await this.#queue.run(() => this.#calls.open(folder, options));
    return new WasmSession(this.#calls, this.#queue, handle);
  }
}

class WasmSession implements EngineSession {
  readonly #calls: WasmCalls;
  readonly #queue: Queue;
  readonly #handle: number;
  #pumping = false;
  #pumpError: unknown;
  #closing: Promise<void> | undefined;

  constructor(calls: WasmCalls, queue: Queue, handle: number) {
    this.#calls = calls;
    this.#queue = queue;
    this.#handle = handle;
    this.#pumpLater(); // an earlier session may have left work
  }

  read(request: Uint8Array): Promise<Uint8Array> {
    return this.#queue.run(() => this.#calls.read(this.#handle, request));
  }

  readSync(room: Uint8Array, length: number): Uint8Array {
    return this.#calls.read(this.#handle, room.subarray(0, length));
  }

  write(request: Uint8Array): Promise<Uint8Array> {
    return this.#queue.run(() => {
      const response = this.#calls.write(this.#handle, request);
      this.#pumpLater();
      return response;
    });
  }

  maintenanceError(): unknown {
    return this.#pumpError;
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.run(() => this.#calls.close(this.#handle));
    return this.#closing;
  }

  #pumpLater(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    scheduleInBackground(() => this.#pump());
  }

  #pump(): void {
    this.#pumping = false;
    if (this.#closing !== undefined) return;
    let remains: boolean;
    try {
      remains = this.#calls.pump(this.#handle, pumpBudgetMicros);
      this.#pumpError = undefined;
    } catch (error) {
      // Maintenance only makes searches faster, so nothing is lost. It is tried again after the next write.
      this.#pumpError = error;
      return;
    }
    if (remains) this.#pumpLater();
  }
}
