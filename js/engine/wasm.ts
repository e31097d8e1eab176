import { Slices, scheduleInBackground } from '../event-loop.ts';
import { type FolderFiles, HostFiles } from '../storage/host-files.ts';
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
  const options = { quiverHost: host, ...(wasmBinary === undefined ? {} : { wasmBinary }) };
  const work = new WasmWork(new WasmCalls(await factory(options)), host);
  return new WasmEngine(work, new HostFiles(host), storage);
}

/** Runs calls one after the other on this thread, and lets the event loop run between them when they take long. */
class Queue {
  #tail: Promise<unknown> = Promise.resolve();
  readonly #slices: Slices = new Slices();

  run<T>(call: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      if (this.#slices.over) await this.#slices.next();
      return call();
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** New files that one call may make, with some to spare: a write that starts a new log, a step of maintenance. */
const filesOfACall = 8;

/** The calls of one module in turn, and what its file system has to do before and after them. */
class WasmWork {
  readonly calls: WasmCalls;
  readonly #host: HostFs;
  readonly #queue: Queue = new Queue();

  constructor(calls: WasmCalls, host: HostFs) {
    this.calls = calls;
    this.#host = host;
  }

  /** A call that writes nothing. */
  read<T>(call: (calls: WasmCalls) => T): Promise<T> {
    return this.#queue.run(() => call(this.calls));
  }

  /** A call that writes in a folder; resolves when that is as durable as the call says. */
  async write<T>(folder: string, call: (calls: WasmCalls) => T): Promise<T> {
    const result = await this.#queue.run(() => {
      const preparing = this.#host.prepare?.(folder, filesOfACall);
      return preparing === undefined ? call(this.calls) : preparing.then(() => call(this.calls));
    });
    await this.#host.settle?.(folder);
    return result;
  }
}

class WasmEngine implements Engine {
  readonly backend = 'wasm';
  readonly storage: StorageKind;
  readonly simd: string;
  readonly threads = 1;
  readonly files: FolderFiles;
  readonly #work: WasmWork;

  constructor(work: WasmWork, files: FolderFiles, storage: StorageKind) {
    this.files = files;
    this.#work = work;
    this.storage = storage;
    this.simd = String(readMap(work.calls.capabilities())['simd']);
  }

  create(folder: string, config: Uint8Array): Promise<void> {
    return this.#work.write(folder, (calls) => calls.create(folder, config));
  }

  exists(folder: string): Promise<boolean> {
    return this.#work.read((calls) => calls.exists(folder));
  }

  destroy(folder: string): Promise<void> {
    return this.#work.write(folder, (calls) => calls.destroy(folder));
  }

  repair(source: string, target: string): Promise<Uint8Array> {
    return this.#work.write(target, (calls) => calls.repair(source, target));
  }

  async open(folder: string, options: Uint8Array): Promise<EngineSession> {
    const handle = await this.#work.read((calls) => calls.open(folder, options));
    return new WasmSession(this.#work, folder, handle);
  }
}

class WasmSession implements EngineSession {
  readonly #work: WasmWork;
  readonly #folder: string;
  readonly #handle: number;
  #isPumping = false;
  #pumpError: unknown;
  #closing: Promise<void> | undefined;

  constructor(work: WasmWork, folder: string, handle: number) {
    this.#work = work;
    this.#folder = folder;
    this.#handle = handle;
    this.#pumpLater(); // an earlier session may have left work
  }

  read(request: Uint8Array): Promise<Uint8Array> {
    return this.#work.read((calls) => calls.read(this.#handle, request));
  }

  readSync(room: Uint8Array, length: number): Uint8Array {
    return this.#work.calls.read(this.#handle, room.subarray(0, length));
  }

  write(request: Uint8Array): Promise<Uint8Array> {
    return this.#work.write(this.#folder, (calls) => {
      const response = calls.write(this.#handle, request);
      this.#pumpLater();
      return response;
    });
  }

  maintenanceError(): unknown {
    return this.#pumpError;
  }

  close(): Promise<void> {
    this.#closing ??= this.#work.write(this.#folder, (calls) => calls.close(this.#handle));
    return this.#closing;
  }

  #pumpLater(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    scheduleInBackground(() => void this.#pump());
  }

  async #pump(): Promise<void> {
    let remains = false;
    try {
      remains = await this.#work.write(this.#folder, (calls) => {
        this.#isPumping = false;
        return this.#closing === undefined && calls.pump(this.#handle, pumpBudgetMicros);
      });
      this.#pumpError = undefined;
    } catch (error) {
      // Maintenance only makes searches faster, so nothing is lost. It is tried again after the next write.
      this.#isPumping = false;
      if (this.#closing === undefined) this.#pumpError = error;
    }
    if (remains) this.#pumpLater();
  }
}
