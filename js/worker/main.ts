// The worker's program: dist/worker.mjs. One engine for each kind of storage, for all pages that connect.
import type { Engine } from '../engine/engine.ts';
import { loadWasmEngine } from '../engine/wasm.ts';
import { MemoryFs } from '../storage/memory.ts';
import { signOfLife, whenGone } from './liveness.ts';
import { messagePort } from './port.ts';
import { type Connect, type Greeting, isConnect, toWire } from './protocol.ts';
import { Server } from './server.ts';

const scope = globalThis as unknown as Worker;
const alive = signOfLife();
let engine: Promise<Engine> | undefined;

scope.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (isConnect(data)) void connect(data);
});

async function connect({ port, client }: Connect): Promise<void> {
  const greet = (greeting: Greeting): void => port.postMessage(greeting);
  try {
    engine ??= loadWasmEngine(new MemoryFs(), 'memory');
    const loaded = await engine;
    const server = new Server(messagePort(port), loaded);
    whenGone(client, () => void server.close());
    const { simd, threads } = loaded;
    greet({ about: { simd, threads, storage: 'memory' }, worker: await alive });
  } catch (error) {
    engine = undefined;
    greet({ error: toWire(error) });
  }
}
