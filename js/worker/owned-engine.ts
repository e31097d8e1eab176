import type { Engine, EngineSession, StorageKind } from '../engine/engine.ts';
import { EngineLost } from '../engine/engine-error.ts';
import { QuiverError } from '../errors.ts';
import type { FolderFiles } from '../storage/host-files.ts';
import type { HostFs } from '../storage/host-fs.ts';
import { op } from '../wire/requests.ts';
import { MovingSession } from './moving-session.ts';

/** Other folders that a call needs, which this worker must have for itself as long as it runs. */
export type Borrow = <T>(folders: readonly string[], call: () => Promise<T>) => Promise<T>;

/** How often a read is made anew because what was stored could not be added to. */
const mostLosses = 3;

/** New files beside those that a copy has. */
const filesBeside = 8;

/** The engine of this worker for folders whose files it has open. */
export class OwnedEngine implements Engine {
  readonly backend = 'wasm';
  readonly files: FolderFiles;
  readonly #inner: Engine;
  readonly #host: HostFs;
  readonly #borrow: Borrow;
  readonly #sessions: Map<string, Set<OwnedSession>> = new Map();
  readonly #restoring: Map<string, Promise<void>> = new Map();

  constructor(inner: Engine, host: HostFs, borrow: Borrow) {
    this.#inner = inner;
    this.#host = host;
    this.#borrow = borrow;
    this.files = inner.files;
  }

  get simd(): string {
    return this.#inner.simd;
  }

  get threads(): number {
    return this.#inner.threads;
  }

  get storage(): StorageKind {
    return this.#inner.storage;
  }

  async create(folder: string, config: Uint8Array): Promise<void> {
    await this.#restoring.get(folder);
    return this.#inner.create(folder, config);
  }

  async exists(folder: string): Promise<boolean> {
    await this.#restoring.get(folder);
    return this.#inner.exists(folder);
  }

  async destroy(folder: string): Promise<void> {
    await this.#restoring.get(folder);
    return this.#inner.destroy(folder);
  }

  repair(source: string, target: string): Promise<Uint8Array> {
    return this.#borrow([source, target], async () => {
      await this.prepareCopy(source, target);
      return this.#inner.repair(source, target);
    });
  }

  open(folder: string, options: Uint8Array): Promise<EngineSession> {
    return MovingSession.open(() => this.#open(folder, options), mostLosses);
  }

  async #open(folder: string, options: Uint8Array): Promise<EngineSession> {
    await this.#restoring.get(folder);
    const inner = await this.#inner.open(folder, options);
    const sessions = this.#sessions.get(folder) ?? new Set();
    this.#sessions.set(folder, sessions);
    const session = new OwnedSession(this, folder, inner, () => {
      sessions.delete(session);
      if (sessions.size === 0) this.#sessions.delete(folder);
    });
    sessions.add(session);
    return session;
  }

  /** Ends the sessions of a folder whose files go back to what was stored last, which is done when `restored` resolves. */
  lose(folder: string, restored: Promise<void>): void {
    this.#restoring.set(folder, restored);
    restored.then(
      () => this.#restoring.delete(folder),
      () => undefined, // what follows fails for the same reason
    );
    for (const session of [...(this.#sessions.get(folder) ?? [])]) session.lose();
  }

  /** Before a folder's files are opened: what was wrong with them before is over. */
  begin(folder: string): void {
    this.#restoring.delete(folder);
  }

  /** @internal */
  borrow<T>(folders: readonly string[], call: () => Promise<T>): Promise<T> {
    return this.#borrow(folders, call);
  }

  /** @internal Makes room in `target` for as many files as `source` has. */
  async prepareCopy(source: string, target: string): Promise<void> {
    const names = this.#host.list(source);
    const count = typeof names === 'number' ? 0 : names.length;
    await this.#host.prepare?.(target, count + filesBeside);
  }

  /** @internal */
  async settle(folder: string): Promise<void> {
    await this.#host.settle?.(folder);
  }
}

class OwnedSession implements EngineSession {
  readonly #engine: OwnedEngine;
  readonly #folder: string;
  readonly #inner: EngineSession;
  readonly #ended: () => void;
  #lost: EngineLost | undefined;
  #restoring: Promise<void> | undefined;

  constructor(engine: OwnedEngine, folder: string, inner: EngineSession, ended: () => void) {
    this.#engine = engine;
    this.#folder = folder;
    this.#inner = inner;
    this.#ended = ended;
  }

  /** Later calls fail; those who called open the index anew. */
  lose(): void {
    this.#lost = new EngineLost(
      'the index went back to what was stored last, because more could not be stored',
      false,
    );
    this.#ended();
    this.#inner.close().catch(() => undefined); // its files are no more
  }

  async read(request: Uint8Array): Promise<Uint8Array> {
    this.#check();
    if (operation(request) !== op.snapshot) return this.#unlessLost(this.#inner.read(request));
    const [target, base] = snapshotFolders(request);
    return this.#engine.borrow([target, base], async () => {
      await this.#engine.prepareCopy(this.#folder, target);
      const response = await this.#inner.read(request);
      await this.#engine.settle(target);
      return response;
    });
  }

  readSync(room: Uint8Array, length: number): number | Uint8Array {
    this.#check();
    return this.#inner.readSync(room, length);
  }

  async write(request: Uint8Array): Promise<Uint8Array> {
    // One that makes ready first must not be overtaken.
    while (this.#restoring !== undefined) await this.#restoring;
    this.#check();
    if (operation(request) !== op.restore) return this.#unlessLost(this.#inner.write(request));
    const restored = this.#restore(request);
    this.#restoring = restored
      .catch(() => undefined)
      .then(() => {
        this.#restoring = undefined;
      });
    return restored;
  }

  #restore(request: Uint8Array): Promise<Uint8Array> {
    const source = new TextDecoder().decode(request.subarray(4));
    return this.#engine.borrow([source], async () => {
      await this.#engine.prepareCopy(source, this.#folder);
      return this.#inner.write(request);
    });
  }

  maintenanceError(): unknown {
    return this.#inner.maintenanceError?.();
  }

  async close(): Promise<void> {
    if (this.#lost !== undefined) return;
    this.#ended();
    await this.#inner.close();
  }

  /**
   * What still came to the core when the files had gone back found none, and has done nothing. (What could not be stored itself
   * rejects with a QuiverError.)
   */
  async #unlessLost(answer: Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await answer;
    } catch (error) {
      if (this.#lost !== undefined && !(error instanceof QuiverError)) throw this.#lost;
      throw error;
    }
  }

  #check(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }
}

function operation(request: Uint8Array): number {
  return request.length < 4
    ? 0
    : new DataView(request.buffer, request.byteOffset).getUint32(0, true);
}

/** The target and the base of a SNAPSHOT; empty where the request is too short, which the core refuses. */
function snapshotFolders(request: Uint8Array): [target: string, base: string] {
  if (request.length < 12) return ['', ''];
  const view = new DataView(request.buffer, request.byteOffset);
  const [targetBytes, baseBytes] = [view.getUint32(4, true), view.getUint32(8, true)];
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(request.subarray(from, from + length));
  return [text(12, targetBytes), text(12 + targetBytes, baseBytes)];
}
