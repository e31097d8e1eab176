import type { Engine, EngineSession, StorageKind } from '../engine/engine.ts';
import { EngineError, type EngineLost } from '../engine/engine-error.ts';
import type { FolderFiles } from '../storage/host-files.ts';
import { alone, type Port } from './port.ts';
import {
  type About,
  type AnswerMessage,
  type CallMessage,
  type CallName,
  type Calls,
  fromWire,
} from './protocol.ts';

interface Pending {
  readonly resolve: (answer: AnswerMessage) => void;
  readonly reject: (error: unknown) => void;
}

/** An engine at the other end of a port, which `serve` answers. */
export class RemoteEngine implements Engine {
  readonly backend = 'wasm';
  readonly about: About;
  readonly files: FolderFiles = remoteFiles(this);
  readonly #port: Port;
  readonly #pending: Map<number, Pending> = new Map();
  #nextId = 1;
  #lost: EngineLost | undefined;

  constructor(port: Port, about: About) {
    this.about = about;
    this.#port = port;
    port.listen((message) => this.#settle(message as AnswerMessage));
  }

  get simd(): string {
    return this.about.simd;
  }

  get threads(): number {
    return this.about.threads;
  }

  get storage(): StorageKind {
    return this.about.storage;
  }

  async create(folder: string, config: Uint8Array): Promise<void> {
    await this.call('create', [folder, config]);
  }

  async exists(folder: string): Promise<boolean> {
    return (await this.call('exists', [folder])).value as boolean;
  }

  async destroy(folder: string): Promise<void> {
    await this.call('destroy', [folder]);
  }

  async repair(source: string, target: string): Promise<Uint8Array> {
    return (await this.call('repair', [source, target])).value as Uint8Array;
  }

  async open(folder: string, options: Uint8Array): Promise<EngineSession> {
    const number = (await this.call('open', [folder, options])).value as number;
    return new RemoteSession(this, number);
  }

  /** Rejects all calls that wait and all to come: nobody answers them any more. */
  lose(error: EngineLost): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#port.close();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }

  /** @internal */
  call<Name extends CallName>(
    call: Name,
    args: Parameters<Calls[Name]>,
    owned?: Uint8Array,
  ): Promise<AnswerMessage> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) throw this.#lost.unasked();
      const id = this.#nextId++;
      const message: CallMessage<Name> = { id, call, args };
      this.#pending.set(id, { resolve, reject });
      try {
        this.#port.send(message, owned);
      } catch (error) {
        this.#pending.delete(id);
        throw error;
      }
    });
  }

  #settle(answer: AnswerMessage): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    if (answer.error === undefined) pending.resolve(answer);
    else pending.reject(fromWire(answer.error));
  }
}

function remoteFiles(engine: RemoteEngine): FolderFiles {
  const ask = async <Name extends keyof FolderFiles>(
    method: Name,
    ...args: Parameters<FolderFiles[Name]>
  ): Promise<Awaited<ReturnType<FolderFiles[Name]>>> =>
    (await engine.call('files', [method, args])).value as Awaited<ReturnType<FolderFiles[Name]>>;
  return {
    list: (folder) => ask('list', folder),
    read: (folder, name, offset, length) => ask('read', folder, name, offset, length),
    append: (folder, name, bytes) => ask('append', folder, name, alone(bytes)),
    hold: (folder) => ask('hold', folder),
    finish: (folder) => ask('finish', folder),
    remove: (folder, name) => ask('remove', folder, name),
    clear: (folder) => ask('clear', folder),
  };
}

class RemoteSession implements EngineSession {
  readonly #engine: RemoteEngine;
  readonly #number: number;
  #stopped: unknown;
  #closing: Promise<void> | undefined;

  constructor(engine: RemoteEngine, number: number) {
    this.#engine = engine;
    this.#number = number;
  }

  async read(request: Uint8Array): Promise<Uint8Array> {
    const bytes = alone(request);
    const answer = await this.#engine.call('read', [this.#number, bytes], bytes);
    this.#stopped = answer.stopped === undefined ? undefined : fromWire(answer.stopped);
    return answer.value as Uint8Array;
  }

  readSync(): never {
    throw new EngineError(
      'NOT_SUPPORTED',
      'The index is in a worker, which nothing can be asked synchronously: use query()',
    );
  }

  async write(request: Uint8Array): Promise<Uint8Array> {
    const bytes = alone(request);
    return (await this.#engine.call('write', [this.#number, bytes], bytes)).value as Uint8Array;
  }

  maintenanceError(): unknown {
    return this.#stopped;
  }

  close(): Promise<void> {
    this.#closing ??= this.#engine.call('close', [this.#number]).then(() => undefined);
    return this.#closing;
  }
}
