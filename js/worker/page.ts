import type { Engine, EngineSession, StorageKind } from '../engine/engine.ts';
import { EngineError, EngineLost } from '../engine/engine-error.ts';
import { type FolderFiles, filesOf } from '../storage/host-files.ts';
import { RemoteEngine } from './client.ts';
import { signOfLife, whenGone } from './liveness.ts';
import { MovingSession } from './moving-session.ts';
import { messagePort } from './port.ts';
import {
  type About,
  type Connect,
  fromWire,
  type Greeting,
  type StorageChoice,
} from './protocol.ts';

/** A worker to use instead of the one that the package starts, or what starts it: again when the one before is lost. */
export type WorkerSource = Worker | (() => Worker);

let alive: Promise<string | undefined> | undefined;

/** A worker, and what to do when it is lost. */
class RunningWorker {
  readonly #worker: Worker;
  readonly #onLoss: Set<(error: EngineLost) => void> = new Set();
  /** Why it is of no use any more. */
  lost: EngineLost | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('error', ({ message }) =>
      this.lose(`the worker failed${message ? `: ${message}` : ' or could not be loaded'}`),
    );
    worker.addEventListener('messageerror', () => this.lose('a message to the worker was damaged'));
  }

  async connect(storage: StorageChoice): Promise<RemoteEngine> {
    alive ??= signOfLife();
    const client = await alive;
    const { port1, port2 } = new MessageChannel();
    const message: Connect = { quiver: 'connect', port: port2, client, storage };
    const greeting = await new Promise<Greeting>((resolve, reject) => {
      if (this.lost !== undefined) throw this.lost.unasked();
      this.#onLoss.add(reject);
      port1.onmessage = ({ data }) => {
        this.#onLoss.delete(reject);
        resolve(data);
      };
      this.#worker.postMessage(message, [port2]);
    });
    if ('error' in greeting) throw fromWire(greeting.error);
    const engine = new RemoteEngine(messagePort(port1), greeting.about);
    this.#onLoss.add((error) => engine.lose(error));
    if (this.lost !== undefined) engine.lose(this.lost);
    whenGone(greeting.worker, () => this.lose('the worker was ended'));
    return engine;
  }

  lose(reason: string): void {
    if (this.lost !== undefined) return;
    const what = 'a write that was under way may or may not have been made';
    this.lost = new EngineLost(`${reason}; ${what}`, true);
    this.#worker.terminate();
    for (const tell of this.#onLoss) tell(this.lost);
    this.#onLoss.clear();
  }
}

/** The workers of this page by what they come from. */
const running = new Map<WorkerSource, RunningWorker>();

function workerOf(source: WorkerSource): RunningWorker {
  const known = running.get(source);
  if (known !== undefined && (known.lost === undefined || typeof source !== 'function'))
    return known;
  if (typeof source === 'function' && typeof Worker === 'undefined')
    throw new EngineError(
      'BACKEND_UNAVAILABLE',
      'there are no workers here; browsers have them, and Node has another entry',
    );
  const started = new RunningWorker(typeof source === 'function' ? source() : source);
  running.set(source, started);
  return started;
}

/** The engine in a worker, as one that goes on when the worker is lost and another can be started. */
export class WorkerEngine implements Engine {
  readonly backend = 'wasm';
  readonly files: FolderFiles;
  readonly #source: WorkerSource;
  readonly #storage: StorageChoice;
  #worker: RunningWorker | undefined;
  #connecting: Promise<RemoteEngine> | undefined;
  #about: About = { simd: '', threads: 1, storage: 'memory' };

  constructor(source: WorkerSource, storage: StorageChoice) {
    this.#source = source;
    this.#storage = storage;
    this.files = filesOf(async () => (await this.connect()).files);
  }

  get simd(): string {
    return this.#about.simd;
  }

  get threads(): number {
    return this.#about.threads;
  }

  get storage(): StorageKind {
    return this.#about.storage;
  }

  async create(folder: string, config: Uint8Array): Promise<void> {
    await (await this.connect()).create(folder, config);
  }

  async exists(folder: string): Promise<boolean> {
    return (await this.connect()).exists(folder);
  }

  async destroy(folder: string): Promise<void> {
    await (await this.connect()).destroy(folder);
  }

  async repair(source: string, target: string): Promise<Uint8Array> {
    return (await this.connect()).repair(source, target);
  }

  open(folder: string, options: Uint8Array): Promise<EngineSession> {
    return MovingSession.open(async () => (await this.connect()).open(folder, options));
  }

  /** The engine in the worker of now, which is started when there is none. */
  connect(): Promise<RemoteEngine> {
    const worker = workerOf(this.#source);
    if (this.#worker !== worker || this.#connecting === undefined) {
      this.#worker = worker;
      this.#connecting = this.#connect(worker);
    }
    return this.#connecting;
  }

  async #connect(worker: RunningWorker): Promise<RemoteEngine> {
    try {
      const remote = await worker.connect(this.#storage);
      this.#about = remote.about;
      return remote;
    } catch (error) {
      if (this.#worker === worker) this.#connecting = undefined;
      throw error;
    }
  }
}
