import type { HostFs } from '../storage/host-fs.ts';
import { EngineError } from './engine-error.ts';

/** What Emscripten's factory makes: the functions of wasm/abi.cpp and the views of the memory. */
export interface WasmModule {
  /** Replaced when memory grows: look it up on every use, never keep it. */
  readonly HEAPU8: Uint8Array;
  _quiver_malloc(size: number): number;
  _quiver_free(pointer: number): void;
  _quiver_result_ptr(): number;
  _quiver_result_len(): number;
  _quiver_error_code(): number;
  _quiver_error_message(): number;
  _quiver_error_item(): number;
  _quiver_capabilities(): number;
  _quiver_create(folder: number, folderSize: number, config: number, configSize: number): number;
  _quiver_exists(folder: number, folderSize: number): number;
  _quiver_destroy(folder: number, folderSize: number): number;
  _quiver_repair(source: number, sourceSize: number, target: number, targetSize: number): number;
  _quiver_open(folder: number, folderSize: number, options: number, optionsSize: number): number;
  _quiver_read(session: number, request: number, size: number): number;
  _quiver_write(session: number, request: number, size: number): number;
  _quiver_pump(session: number, budgetMicros: number): number;
  _quiver_close(session: number): number;
}

export type WasmFactory = (options: {
  quiverHost: HostFs;
  wasmBinary?: Uint8Array<ArrayBuffer>;
}) => Promise<WasmModule>;

/** The module's functions as calls over bytes. Every view of its memory is made and dropped within one method. */
export class WasmCalls {
  readonly #module: WasmModule;
  #broken: unknown;

  constructor(module: WasmModule) {
    this.#module = module;
  }

  capabilities(): Uint8Array<ArrayBuffer> {
    return this.#call([], () => this.#module._quiver_capabilities());
  }

  create(folder: string, config: Uint8Array): void {
    this.#call([utf8(folder), config], (f, fSize, c, cSize) =>
      this.#module._quiver_create(f, fSize, c, cSize),
    );
  }

  exists(folder: string): boolean {
    return (
      number(this.#call([utf8(folder)], (f, fSize) => this.#module._quiver_exists(f, fSize))) === 1
    );
  }

  destroy(folder: string): void {
    this.#call([utf8(folder)], (f, fSize) => this.#module._quiver_destroy(f, fSize));
  }

  /** Returns the report, a msgpack map. */
  repair(source: string, target: string): Uint8Array<ArrayBuffer> {
    return this.#call([utf8(source), utf8(target)], (s, sSize, t, tSize) =>
      this.#module._quiver_repair(s, sSize, t, tSize),
    );
  }

  /** Returns the session's handle. */
  open(folder: string, options: Uint8Array): number {
    return number(
      this.#call([utf8(folder), options], (f, fSize, o, oSize) =>
        this.#module._quiver_open(f, fSize, o, oSize),
      ),
    );
  }

  read(session: number, request: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#call([request], (r, rSize) => this.#module._quiver_read(session, r, rSize));
  }

  write(session: number, request: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#call([request], (r, rSize) => this.#module._quiver_write(session, r, rSize));
  }

  /** Works on maintenance for about `budget` microseconds. Returns whether work remains. */
  pump(session: number, budget: number): boolean {
    return number(this.#call([], () => this.#module._quiver_pump(session, budget))) === 1;
  }

  close(session: number): void {
    this.#call([], () => this.#module._quiver_close(session));
  }

  #call(
    inputs: readonly Uint8Array[],
    body: (...pointersAndSizes: [number, number, number, number]) => number,
  ): Uint8Array<ArrayBuffer> {
    const module = this.#module;
    if (this.#broken !== undefined) {
      throw new EngineError(
        'INTERNAL',
        `the WebAssembly module stopped earlier: ${String(this.#broken)}`,
      );
    }
    const places: [number, number, number, number] = [0, 0, 0, 0];
    try {
      try {
        for (const [i, bytes] of inputs.entries()) {
          const pointer = module._quiver_malloc(bytes.length) >>> 0;
          if (pointer === 0)
            throw new EngineError(
              'OUT_OF_MEMORY',
              `no room for a request of ${bytes.length} bytes`,
            );
          places[2 * i] = pointer;
          places[2 * i + 1] = bytes.length;
          module.HEAPU8.set(bytes, pointer);
        }
        if (body(...places) !== 0) throw this.#error();
        const start = module._quiver_result_ptr() >>> 0;
        return module.HEAPU8.slice(
          start,
          start + (module._quiver_result_len() >>> 0),
        ) as Uint8Array<ArrayBuffer>;
      } finally {
        for (let i = 0; i < places.length; i += 2)
          if (places[i] !== 0) module._quiver_free(places[i] as number);
      }
    } catch (error) {
      // A trap leaves the memory in an unknown state: nothing may run on it, or reach the disk, any more.
      if (!(error instanceof EngineError)) this.#broken = error;
      throw error;
    }
  }

  #error(): EngineError {
    const code = this.#text(this.#module._quiver_error_code());
    const message = this.#text(this.#module._quiver_error_message());
    return new EngineError(code, message, this.#module._quiver_error_item() >>> 0);
  }

  #text(pointer: number): string {
    const start = pointer >>> 0;
    const heap = this.#module.HEAPU8;
    return new TextDecoder().decode(heap.slice(start, heap.indexOf(0, start)));
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function number(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
