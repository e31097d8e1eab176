import type { EngineSession } from '../engine/engine.ts';
import { EngineError, EngineLost } from '../engine/engine-error.ts';
import { op } from '../wire/requests.ts';

/** Requests that name a cursor or a transaction of the session, in the word after the operation. */
const numbered: ReadonlySet<number> = new Set([
  op.next,
  op.closeCursor,
  op.stage,
  op.commit,
  op.cancel,
]);
/** Requests that are answered with the number of a new one. */
const numbering: ReadonlySet<number> = new Set([op.list, op.stream, op.begin]);

/** How often a call is made anew that came too late to be asked at all. */
const mostAnew = 3;

/** One opening of the index: what it numbers from 1 on is known outside from `base` + 1 on. */
interface Opened {
  readonly session: EngineSession;
  readonly base: number;
}

/**
 * A session that outlives the engine that it is open in: when that is lost, the next call opens the index again, wherever
 * it is then. What the old one was asked and has not answered rejects with `ENGINE_LOST`, as does the use of its cursors and
 * transactions; up to `retries` times a read is asked again instead.
 */
export class MovingSession implements EngineSession {
  readonly #open: () => Promise<EngineSession>;
  readonly #retries: number;
  /** Undefined from a loss until the next call. */
  #opened: Promise<Opened> | undefined;
  /** The greatest number that was given to a cursor or transaction, so that none is given twice. */
  #numbers = 0;
  #latest: EngineSession | undefined;
  #closing: Promise<void> | undefined;

  private constructor(open: () => Promise<EngineSession>, first: EngineSession, retries: number) {
    this.#open = open;
    this.#retries = retries;
    this.#latest = first;
    this.#opened = Promise.resolve({ session: first, base: 0 });
  }

  static async open(open: () => Promise<EngineSession>, retries = 0): Promise<MovingSession> {
    return new MovingSession(open, await open(), retries);
  }

  read(request: Uint8Array): Promise<Uint8Array> {
    const code = word(request, 0);
    const retries = numbered.has(code) ? 0 : this.#retries;
    return this.#call(code, request, retries, (session) => session.read(request));
  }

  readSync(room: Uint8Array, length: number): number | Uint8Array {
    if (this.#latest === undefined) throw new EngineError('NOT_OPEN', 'The index is being opened');
    return this.#latest.readSync(room, length);
  }

  write(request: Uint8Array): Promise<Uint8Array> {
    return this.#call(word(request, 0), request, 0, (session) => session.write(request));
  }

  maintenanceError(): unknown {
    return this.#latest?.maintenanceError?.();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await (await this.#opened)?.session.close();
    } catch (error) {
      // What is lost is closed.
      if (!(error instanceof EngineLost)) throw error;
    }
  }

  async #call(
    code: number,
    request: Uint8Array,
    retries: number,
    send: (session: EngineSession) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    for (let again = retries, anew = mostAnew; ; ) {
      const opened = this.#now();
      try {
        return await this.#ask(await opened, code, request, send);
      } catch (error) {
        if (!(error instanceof EngineLost)) throw error;
        this.#forget(opened);
        if ((error.asked ? again-- : anew--) === 0) throw error;
      }
    }
  }

  #now(): Promise<Opened> {
    if (this.#closing !== undefined)
      return Promise.reject(new EngineError('CLOSED', 'The index is closed'));
    this.#opened ??= this.#reopen();
    return this.#opened;
  }

  #reopen(): Promise<Opened> {
    const base = this.#numbers;
    const opening = this.#open().then((session) => {
      this.#latest = session;
      return { session, base };
    });
    // One that failed is tried again by the next call.
    opening.catch(() => this.#forget(opening));
    return opening;
  }

  async #ask(
    { session, base }: Opened,
    code: number,
    request: Uint8Array,
    send: (session: EngineSession) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    if (numbered.has(code)) {
      const number = word(request, 4);
      if (number <= base) {
        if (code === op.closeCursor || code === op.cancel) return new Uint8Array();
        throw new EngineError(
          'ENGINE_LOST',
          'What this iteration or update belongs to ended with the worker or tab that had the index open: begin it again',
        );
      }
      setWord(request, 4, number - base);
    }
    const response = await send(session);
    if (numbering.has(code)) {
      const number = word(response, 0) + base;
      this.#numbers = Math.max(this.#numbers, number);
      setWord(response, 0, number);
    }
    return response;
  }

  #forget(failed: Promise<Opened>): void {
    if (this.#opened !== failed || this.#closing !== undefined) return;
    this.#opened = undefined;
    this.#latest = undefined;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes.length < at + 4
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

function setWord(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, true);
}
