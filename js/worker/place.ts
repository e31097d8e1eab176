import type { Engine } from '../engine/engine.ts';
import { EngineLost } from '../engine/engine-error.ts';
import type { FolderFs } from '../storage/host-fs.ts';
import { RemoteEngine } from './client.ts';
import { whenGone } from './liveness.ts';
import { broadcastPort } from './port.ts';
import type { About } from './protocol.ts';
import { Server } from './server.ts';

// Workers of an origin that use one folder: who holds its Web Lock has its files open and is the owner. The others wait for
// the lock, and meanwhile ask the owner, each on a BroadcastChannel of its own. They find each other on a channel of the
// folder's name, which carries:

/** Of an owner, to all. */
interface OwnerMessage {
  readonly owner: string;
}
/** Of one who is to be served on a channel of that name, to the owner. */
interface HelloMessage {
  readonly hello: string;
  readonly alive: string | undefined;
}
/** Of one who needs that no more. */
interface ByeMessage {
  readonly bye: string;
}
type FolderMessage = Partial<OwnerMessage & HelloMessage & ByeMessage>;

/** The first message on a channel of one that is served. */
interface WelcomeMessage {
  readonly owner: string;
  readonly about: About;
}

/** What a place needs of the worker that it is in. */
export interface PlaceHost {
  /** Names the storage and the folder. */
  readonly name: string;
  /** The worker's sign of life. */
  readonly alive: string | undefined;
  attach(): Promise<FolderFs>;
  /** The engine for a folder whose files this worker has open. */
  readonly engine: Engine;
  /** After it was ended, because nobody uses it or because the files could not be opened. */
  ended(): void;
}

interface Waiting {
  readonly resolve: (engine: Engine) => void;
  readonly reject: (error: unknown) => void;
}

/** How long a folder stays open after its last use: another one often follows. */
const lingerMs = 500;

/** One folder, as one worker uses it: as its owner, or through the owner. */
export class Place {
  /** The files, where this worker is the owner. */
  files: FolderFs | undefined;
  readonly #host: PlaceHost;
  readonly #id: string = crypto.randomUUID();
  readonly #channel: BroadcastChannel;
  readonly #served: Map<string, { server: Server; stopWaiting: () => void }> = new Map();
  readonly #waiting: Set<Waiting> = new Set();
  readonly #waitForLock: AbortController = new AbortController();
  #engine: Engine | undefined;
  #following: Promise<void> | undefined;
  #remote: { engine: RemoteEngine; owner: string } | undefined;
  #asking: BroadcastChannel | undefined;
  #users = 0;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #isEnded = false;
  readonly #ended: Promise<void>;
  #tellEnded: () => void = () => undefined;
  #release: () => void = () => undefined;
  /** Resolves to whether this worker became the owner at once. */
  readonly isOwner: Promise<boolean>;

  constructor(host: PlaceHost) {
    this.#host = host;
    this.#ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
    this.#channel = new BroadcastChannel(host.name);
    this.#channel.onmessage = ({ data }) => this.#hear(data as FolderMessage);
    this.isOwner = this.#start();
    this.isOwner.catch(() => undefined); // those who wait for an engine are told
  }

  /** Resolves when it has ended; undefined before it begins to. */
  get ended(): Promise<void> | undefined {
    return this.#isEnded ? this.#ended : undefined;
  }

  /** Keeps the place until as many calls of `leave`. */
  enter(): void {
    this.#users++;
    clearTimeout(this.#linger);
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0 || this.#isEnded) return;
    // Who is not the owner has nothing open that would be worth keeping.
    if (this.files === undefined) void this.#end();
    else this.#linger = setTimeout(() => void this.#end(), lingerMs);
  }

  /** The engine to ask, as soon as there is one. */
  engine(): Promise<Engine> {
    if (this.#engine !== undefined) return Promise.resolve(this.#engine);
    this.#following ??= this.#follow();
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resolve, reject });
    });
  }

  /** Becomes the owner, if there is none. */
  async #start(): Promise<boolean> {
    try {
      return await new Promise<boolean>((resolve, reject) => {
        const held = navigator.locks.request(
          this.#host.name,
          { ifAvailable: true },
          async (lock) => {
            if (lock === null) return resolve(false);
            await this.#own();
            resolve(true);
            await this.#released();
          },
        );
        held.catch(reject);
      });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Waits for the end of the owner, and until then asks it. */
  async #follow(): Promise<void> {
    if (await this.isOwner.catch(() => true)) return;
    const { signal } = this.#waitForLock;
    const queued = navigator.locks.request(this.#host.name, { signal }, async () => {
      await this.#own();
      await this.#released();
    });
    queued.catch((error: unknown) => this.#fail(error));
    this.#ask();
  }

  #released(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isEnded) resolve();
      this.#release = resolve;
    });
  }

  /** With the lock: opens the files, and tells all others. */
  async #own(): Promise<void> {
    if (this.#isEnded) return;
    const files = await this.#host.attach();
    if (this.#isEnded) return files.detach();
    this.files = files;
    const before = this.#remote;
    this.#remote = undefined;
    this.#asking?.close();
    this.#asking = undefined;
    this.#become(this.#host.engine);
    before?.engine.lose(lost());
    const message: OwnerMessage = { owner: this.#id };
    this.#channel.postMessage(message);
  }

  /** Asks the owner, whoever that is, to be served. */
  #ask(): void {
    if (this.#asking === undefined) {
      this.#asking = new BroadcastChannel(`${this.#host.name}:${crypto.randomUUID()}`);
      const channel = this.#asking;
      channel.onmessage = ({ data }) => this.#welcome(channel, data as WelcomeMessage);
    }
    const message: HelloMessage = { hello: this.#asking.name, alive: this.#host.alive };
    this.#channel.postMessage(message);
  }

  #welcome(channel: BroadcastChannel, { owner, about }: WelcomeMessage): void {
    const engine = new RemoteEngine(broadcastPort(channel), about);
    this.#remote = { engine, owner };
    this.#become(engine);
  }

  #become(engine: Engine): void {
    this.#engine = engine;
    for (const { resolve } of this.#waiting) resolve(engine);
    this.#waiting.clear();
  }

  #hear(message: FolderMessage): void {
    if (message.owner !== undefined) this.#hearOwner(message.owner);
    if (message.hello !== undefined) this.#serve(message.hello, message.alive);
    if (message.bye !== undefined) this.#stopServing(message.bye);
  }

  #hearOwner(owner: string): void {
    if (this.#following === undefined || this.files !== undefined || this.#isEnded) return;
    if (this.#remote?.owner === owner) return;
    const before = this.#remote;
    if (before !== undefined) {
      this.#remote = undefined;
      this.#engine = undefined;
      this.#asking = undefined;
      before.engine.lose(lost());
    }
    this.#ask();
  }

  #serve(name: string, alive: string | undefined): void {
    if (this.files === undefined || this.#isEnded || this.#served.has(name)) return;
    this.enter();
    const channel = new BroadcastChannel(name);
    const { engine } = this.#host;
    const server = new Server(broadcastPort(channel), engine);
    const stopWaiting = whenGone(alive, () => this.#stopServing(name));
    this.#served.set(name, { server, stopWaiting });
    const { simd, threads, storage } = engine;
    const message: WelcomeMessage = { owner: this.#id, about: { simd, threads, storage } };
    channel.postMessage(message);
  }

  #stopServing(name: string): void {
    const served = this.#served.get(name);
    if (served === undefined) return;
    this.#served.delete(name);
    served.stopWaiting();
    void served.server.close().finally(() => this.leave());
  }

  /** Ends what could not begin. */
  #fail(error: unknown): void {
    if (this.#isEnded) return;
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
    void this.#end();
  }

  async #end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#linger);
    this.#waitForLock.abort();
    if (this.#asking !== undefined) {
      const message: ByeMessage = { bye: this.#asking.name };
      this.#channel.postMessage(message);
      this.#asking.close();
    }
    try {
      await this.files?.detach();
    } finally {
      this.#channel.close();
      this.#release();
      this.#host.ended();
      this.#tellEnded();
    }
  }
}

function lost(): EngineLost {
  return new EngineLost(
    'the tab that had the index open was closed before it answered; a write may or may not have been made',
    true,
  );
}
