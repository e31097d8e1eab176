import { QuiverError } from '../errors.ts';
import { MemoryFs } from '../storage/memory.ts';
import { NodeFs } from '../storage/node-fs.ts';
import { memoryPrefix, RoutedFs } from '../storage/routed-fs.ts';
import type { Backend, Engine, LoadedEngine } from './engine.ts';
import { loadNativeEngine } from './native.ts';
import { loadWasmEngine } from './wasm.ts';
import { readWasmFile } from './wasm-file.ts';

// One of each a thread, made at first use: `memory:` folders are shared by all indexes that name them.
let native: ReturnType<typeof loadNativeEngine> | undefined;
let wasm: Promise<Engine> | undefined;
/** On the global object, because a process can hold an ESM and a CommonJS copy of this module. */
const warned: unique symbol = Symbol.for('quiverdb.warned');
const marks = globalThis as { [warned]?: boolean };

/**
 * The engine for Node: the addon, else the WASM module with one warning that says why.
 *
 * @param backend - forces one; so does the environment variable QUIVER_BACKEND, which this overrides.
 * @throws {QuiverError} `BACKEND_UNAVAILABLE` with every attempt in `details.attempts`.
 */
export async function selectEngine(backend: Backend | undefined): Promise<LoadedEngine> {
  const forced = backend ?? fromEnvironment();
  const attempts: string[] = [];
  if (forced !== 'wasm') {
    native ??= loadNativeEngine();
    attempts.push(...native.attempts);
    if (native.engine !== undefined) return { engine: native.engine, attempts };
  } else {
    attempts.push(
      `native addon: not tried, ${backend === undefined ? 'QUIVER_BACKEND' : 'the option backend'} is wasm`,
    );
  }
  if (forced !== 'native') {
    try {
      wasm ??= readWasmFile().then((binary) => loadWasmEngine(files(), 'disk', binary));
      const engine = await wasm;
      if (forced === undefined && marks[warned] !== true) {
        marks[warned] = true;
        process.emitWarning(
          `The native addon cannot be used, WebAssembly is: ${attempts.join('; ')}`,
          'QuiverWarning',
        );
      }
      return { engine, attempts: [...attempts, 'WebAssembly: loaded'] };
    } catch (error) {
      wasm = undefined;
      attempts.push(`WebAssembly: ${error instanceof Error ? error.message : String(error)}`);
    }
  } else {
    attempts.push(
      `WebAssembly: not tried, ${backend === undefined ? 'QUIVER_BACKEND' : 'the option backend'} is native`,
    );
  }
  throw new QuiverError(
    'BACKEND_UNAVAILABLE',
    `No engine could be loaded:\n  ${attempts.join('\n  ')}`,
    { attempts },
  );
}

function files(): RoutedFs {
  const [memory, disk] = [new MemoryFs(), new NodeFs()];
  // Locks on disk are the ones that another process can see.
  return new RoutedFs((folder) => (folder.startsWith(memoryPrefix) ? memory : disk), disk);
}

function fromEnvironment(): Backend | undefined {
  const value = process.env['QUIVER_BACKEND'];
  if (value === undefined || value === '') return undefined;
  if (value === 'native' || value === 'wasm') return value;
  throw new QuiverError(
    'INVALID_ARGUMENT',
    `Expected native or wasm for the environment variable QUIVER_BACKEND, got ${JSON.stringify(value)}`,
  );
}
