import type { Engine, EngineSession } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';
import type { FolderFiles } from '../storage/host-files.ts';
import { alone, type Port } from './port.ts';
import { type AnswerMessage, type CallMessage, type Calls, toWire } from './protocol.ts';

/** Answers what a RemoteEngine asks, until `close`, which closes the sessions that it has opened. */
export class Server {
  readonly #port: Port;
  readonly #engine: Engine;
  readonly #sessions: Map<number, EngineSession> = new Map();
  #nextSession = 1;
  #closed = false;

  constructor(port: Port, engine: Engine) {
    this.#port = port;
    this.#engine = engine;
    port.listen((message) => void this.#answer(message as CallMessage));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map((session) => session.close()));
  }

  async #answer(message: CallMessage): Promise<void> {
    const { id } = message;
    let answer: AnswerMessage;
    let owned: Uint8Array | undefined;
    try {
      let value = await this.#run(message);
      if (value instanceof Uint8Array) {
        owned = alone(value);
        value = owned;
      }
      const stopped =
        message.call === 'read'
          ? this.#sessions.get(message.args[0] as number)?.maintenanceError?.()
          : undefined;
      answer = { id, value, ...(stopped === undefined ? {} : { stopped: toWire(stopped) }) };
    } catch (error) {
      answer = { id, error: toWire(error) };
    }
    if (!this.#closed) this.#port.send(answer, owned);
  }

  /** Starts the call before it returns, so that calls keep their order. */
  async #run(message: CallMessage): Promise<unknown> {
    const engine = this.#engine;
    const { call, args } = message;
    switch (call) {
      case 'create':
        return engine.create(...(args as Parameters<Calls['create']>));
      case 'exists':
        return engine.exists(...(args as Parameters<Calls['exists']>));
      case 'destroy':
        return engine.destroy(...(args as Parameters<Calls['destroy']>));
      case 'repair':
        return engine.repair(...(args as Parameters<Calls['repair']>));
      case 'open':
        return this.#open(...(args as Parameters<Calls['open']>));
      case 'read': {
        const [number, request] = args as Parameters<Calls['read']>;
        return this.#session(number).read(request);
      }
      case 'write': {
        const [number, request] = args as Parameters<Calls['write']>;
        return this.#session(number).write(request);
      }
      case 'close': {
        const session = this.#session(args[0] as number);
        this.#sessions.delete(args[0] as number);
        return session.close();
      }
      case 'files':
        return callFiles(engine.files, args as [keyof FolderFiles, unknown[]]);
      default:
        throw new EngineError('INTERNAL', `There is no call ${String(call)}`);
    }
  }

  async #open(folder: string, options: Uint8Array): Promise<number> {
    const session = await this.#engine.open(folder, options);
    if (this.#closed) {
      await session.close();
      throw new EngineError('CLOSED', 'The one who opened the index is gone');
    }
    const number = this.#nextSession++;
    this.#sessions.set(number, session);
    return number;
  }

  #session(number: number): EngineSession {
    const session = this.#sessions.get(number);
    if (session === undefined) throw new EngineError('CLOSED', 'the index is closed');
    return session;
  }
}

const fileMethods: readonly string[] = [
  'list',
  'read',
  'append',
  'hold',
  'finish',
  'remove',
  'clear',
] satisfies (keyof FolderFiles)[];

function callFiles(files: FolderFiles, [method, args]: [keyof FolderFiles, unknown[]]): unknown {
  if (!fileMethods.includes(method))
    throw new EngineError('INTERNAL', `There is no call ${String(method)}`);
  return Reflect.apply(files[method], files, args);
}
