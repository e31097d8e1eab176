import { QuiverError } from '../errors.ts';
import { MemoryFs } from '../storage/memory.ts';
import type { Backend, Engine, LoadedEngine } from './engine.ts';
import { loadWasmEngine } from './wasm.ts';

let wasm: Promise<Engine> | undefined;

/**
 * The engine for browsers: the WASM module, with every index in this page's memory.
 *
 * @throws {QuiverError} `BACKEND_UNAVAILABLE`
 */
export async function selectEngine(backend: Backend | undefined): Promise<LoadedEngine> {
  if (backend === 'native') {
    const attempts = ['native addon: there is none in a browser'];
    throw new QuiverError('BACKEND_UNAVAILABLE', 'The native backend does not exist in a browser', {
      attempts,
    });
  }
  try {
    wasm ??= loadWasmEngine(new MemoryFs());
    return { engine: await wasm, attempts: ['WebAssembly: loaded'] };
  } catch (error) {
    wasm = undefined;
    const attempts = [`WebAssembly: ${error instanceof Error ? error.message : String(error)}`];
    throw new QuiverError(
      'BACKEND_UNAVAILABLE',
      `No engine could be loaded: ${attempts[0]}`,
      { attempts },
      { cause: error },
    );
  }
}
