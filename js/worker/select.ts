import type { Backend, LoadedEngine } from '../engine/engine.ts';
import { QuiverError } from '../errors.ts';
import { WorkerEngine, type WorkerSource } from './page.ts';
import type { StorageChoice } from './protocol.ts';
import { startWorker } from './start.ts';

/** What a page may choose of its engine. */
export interface WorkerChoice {
  readonly worker?: WorkerSource | undefined;
  readonly storage?: StorageChoice | undefined;
}

const engines = new Map<WorkerSource, Map<StorageChoice, WorkerEngine>>();

/**
 * The engine for browsers: the WASM module in a worker. Equal choices share one.
 *
 * @throws {QuiverError} `BACKEND_UNAVAILABLE`, `STORAGE_UNAVAILABLE`
 */
export async function selectEngine(
  backend: Backend | undefined,
  { worker = startWorker, storage = 'auto' }: WorkerChoice = {},
): Promise<LoadedEngine> {
  if (backend === 'native') {
    const attempts = ['native addon: there is none in a browser'];
    throw new QuiverError('BACKEND_UNAVAILABLE', 'The native backend does not exist in a browser', {
      attempts,
    });
  }
  const ofWorker = engines.get(worker) ?? new Map<StorageChoice, WorkerEngine>();
  engines.set(worker, ofWorker);
  const engine = ofWorker.get(storage) ?? new WorkerEngine(worker, storage);
  ofWorker.set(storage, engine);
  try {
    await engine.connect();
  } catch (error) {
    const { code, message = String(error) } = error as { code?: unknown; message?: string };
    if (code === 'STORAGE_UNAVAILABLE') throw new QuiverError(code, message, {}, { cause: error });
    const attempts = [`WebAssembly in a worker: ${message}`];
    throw new QuiverError(
      'BACKEND_UNAVAILABLE',
      `No engine could be loaded: ${attempts[0]}`,
      { attempts },
      { cause: error },
    );
  }
  return { engine, attempts: ['WebAssembly in a worker: loaded'] };
}
