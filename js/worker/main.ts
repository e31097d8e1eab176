// The worker's program: dist/worker.mjs. One engine for each kind of storage, for all pages that connect.

import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';
import { loadWasmEngine } from '../engine/wasm.ts';
import { attachIndexedDb, indexedDbFolders } from '../storage/indexed-db.ts';
import { MemoryFs } from '../storage/memory.ts';
import { attachOpfs, hasOpfs, opfsFolders } from '../storage/opfs.ts';
import { signOfLife, whenGone } from './liveness.ts';
import { SharedEngine, type Storage } from './places.ts';
import { messagePort } from './port.ts';
import { type Connect, type Greeting, isConnect, type StorageChoice, toWire } from './protocol.ts';
import { Server } from './server.ts';

const scope = globalThis as unknown as Worker;
const alive = signOfLife();
const engines = new Map<StorageChoice, Promise<Engine>>();

scope.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (isConnect(data)) void connect(data);
});

async function connect({ port, client, storage }: Connect): Promise<void> {
  const greet = (greeting: Greeting): void => port.postMessage(greeting);
  try {
    const kind = storage === 'auto' ? await lasting() : storage;
    const loading = engines.get(kind) ?? load(kind);
    engines.set(kind, loading);
    loading.catch(() => engines.delete(kind));
    const engine = await loading;
    const server = new Server(messagePort(port), engine);
    whenGone(client, () => void server.close());
    const { simd, threads } = engine;
    greet({ about: { simd, threads, storage: engine.storage }, worker: await alive });
  } catch (error) {
    greet({ error: toWire(error) });
  }
}

/** The first kind of storage that is here and outlives the page. */
async function lasting(): Promise<'opfs' | 'indexeddb'> {
  return (await hasOpfs()) ? 'opfs' : 'indexeddb';
}

async function load(kind: Exclude<StorageChoice, 'auto'>): Promise<Engine> {
  if (kind === 'memory') return loadWasmEngine(new MemoryFs(), 'memory');
  const storage = await open(kind);
  if (globalThis.navigator?.locks === undefined || typeof BroadcastChannel === 'undefined')
    throw unavailable(
      "this page has no Web Locks, which keep tabs apart: they need https or localhost; storage: 'memory' works without",
    );
  return SharedEngine.load(storage, await alive);
}

async function open(kind: 'opfs' | 'indexeddb'): Promise<Storage> {
  if (kind === 'opfs') {
    if (!(await hasOpfs()))
      throw unavailable(
        "this browser has no files that a worker can write (OPFS); try storage: 'auto'",
      );
    return { kind, folders: opfsFolders, attach: attachOpfs };
  }
  if (globalThis.indexedDB === undefined)
    throw unavailable("this browser has no storage that lasts; storage: 'memory' works without");
  return { kind, folders: indexedDbFolders, attach: attachIndexedDb };
}

function unavailable(message: string): EngineError {
  return new EngineError('STORAGE_UNAVAILABLE', message);
}
