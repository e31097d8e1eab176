import type { Engine, EngineSession, StorageKind } from '../engine/engine.ts';
import { EngineError, EngineLost } from '../engine/engine-error.ts';
import { loadWasmEngine } from '../engine/wasm.ts';
import { browserOwner } from '../storage/browser-owner.ts';
import type { FolderFiles } from '../storage/host-files.ts';
import type { FolderFs, HostFs } from '../storage/host-fs.ts';
import { MemoryFs } from '../storage/memory.ts';
import { memoryPrefix, RoutedFs } from '../storage/routed-fs.ts';
import { temporaryName } from '../storage/temporary.ts';
import { MovingSession } from './moving-session.ts';
import { OwnedEngine } from './owned-engine.ts';
import { Place } from './place.ts';

/** A kind of storage that lasts. */
export interface Storage {
  readonly kind: StorageKind;
  /** Those that something is stored in. */
  folders(): Promise<string[]>;
  /**
   * Opens a folder's files. `rolledBack` is called at once when they go back to what was stored last, as more could not be; they
   * are of use again when what it is given resolves.
   */
  attach(folder: string, rolledBack: (restored: Promise<void>) => void): Promise<FolderFs>;
}

/** How often a read is asked again because the tab that was asked has closed. */
const retries = 5;

/** Indexes that all workers of the origin share: in each folder one has the files open, and the others ask it. */
export class SharedEngine implements Engine {
  readonly backend = 'wasm';
  readonly files: FolderFiles;
  readonly #storage: Storage;
  readonly #alive: string | undefined;
  readonly #places: Map<string, Place>;
  readonly #own: OwnedEngine;

  private constructor(
    storage: Storage,
    alive: string | undefined,
    places: Map<string, Place>,
    local: { engine: Engine; host: HostFs },
  ) {
    this.#storage = storage;
    this.#alive = alive;
    this.#places = places;
    this.#own = new OwnedEngine(local.engine, local.host, (folders, call) =>
      this.#borrow(folders, call),
    );
    this.files = this.#sharedFiles();
  }

  /** @param alive - this worker's sign of life */
  static async load(storage: Storage, alive: string | undefined): Promise<SharedEngine> {
    const memory = new MemoryFs();
    const places = new Map<string, Place>();
    const route = (folder: string): HostFs | undefined =>
      inMemory(folder) ? memory : places.get(folder)?.files;
    const host = new RoutedFs(route, browserOwner);
    const engine = await loadWasmEngine(host, storage.kind);
    const shared = new SharedEngine(storage, alive, places, { engine, host });
    // What cannot be removed now is no harm, and looked for again the next time.
    shared.#removeLeftovers().catch(() => undefined);
    return shared;
  }

  get simd(): string {
    return this.#own.simd;
  }

  get threads(): number {
    return this.#own.threads;
  }

  get storage(): StorageKind {
    return this.#storage.kind;
  }

  create(folder: string, config: Uint8Array): Promise<void> {
    return this.#at(folder, (engine) => engine.create(folder, config));
  }

  async exists(folder: string): Promise<boolean> {
    for (let left = retries; ; left--) {
      try {
        return await this.#at(folder, (engine) => engine.exists(folder));
      } catch (error) {
        if (!(error instanceof EngineLost) || left === 0) throw error;
      }
    }
  }

  destroy(folder: string): Promise<void> {
    return this.#at(folder, (engine) => engine.destroy(folder));
  }

  repair(source: string, target: string): Promise<Uint8Array> {
    return this.#own.repair(source, target);
  }

  open(folder: string, options: Uint8Array): Promise<EngineSession> {
    if (inMemory(folder)) return this.#own.open(folder, options);
    return MovingSession.open(async () => {
      const place = await this.#enter(folder);
      try {
        const session = await (await place.engine()).open(folder, options);
        return new HeldSession(session, () => place.leave());
      } catch (error) {
        place.leave();
        throw error;
      }
    }, retries);
  }

  /** Copies that were being made when a tab closed; those of tabs that are open are locked. */
  async #removeLeftovers(): Promise<void> {
    for (const folder of await this.#storage.folders()) {
      if (!temporaryName.test(folder)) continue;
      await this.#borrow([folder], () => this.#own.files.clear(folder)).catch(() => undefined);
    }
  }

  /** A folder that is being held stays entered from the first piece to the last. */
  #sharedFiles(): FolderFiles {
    const held = new Map<string, Place>();
    const at = <T>(folder: string, call: (files: FolderFiles) => Promise<T>): Promise<T> =>
      this.#at(folder, (engine) => call(engine.files));
    const hold = async (folder: string): Promise<void> => {
      if (!held.has(folder) && !inMemory(folder)) held.set(folder, await this.#enter(folder));
    };
    const end = (folder: string): void => {
      held.get(folder)?.leave();
      held.delete(folder);
    };
    return {
      list: (folder) => at(folder, (files) => files.list(folder)),
      read: (folder, ...rest) => at(folder, (files) => files.read(folder, ...rest)),
      remove: (folder, name) => at(folder, (files) => files.remove(folder, name)),
      hold,
      append: async (folder, ...rest) => {
        await hold(folder);
        return at(folder, (files) => files.append(folder, ...rest));
      },
      finish: (folder) => at(folder, (files) => files.finish(folder)).finally(() => end(folder)),
      clear: (folder) => at(folder, (files) => files.clear(folder)).finally(() => end(folder)),
    };
  }

  /** A folder's place, entered. */
  async #enter(folder: string): Promise<Place> {
    for (;;) {
      const known = this.#places.get(folder);
      if (known?.ended !== undefined) {
        await known.ended;
        continue;
      }
      const place = known ?? this.#begin(folder);
      place.enter();
      return place;
    }
  }

  #begin(folder: string): Place {
    const place: Place = new Place({
      name: `quiverdb:${this.#storage.kind}:${folder}`,
      alive: this.#alive,
      attach: () => this.#storage.attach(folder, (restored) => this.#own.lose(folder, restored)),
      engine: this.#own,
      ended: () => {
        if (this.#places.get(folder) === place) this.#places.delete(folder);
      },
    });
    this.#places.set(folder, place);
    return place;
  }

  async #at<T>(folder: string, call: (engine: Engine) => Promise<T>): Promise<T> {
    if (inMemory(folder)) return call(this.#own);
    const place = await this.#enter(folder);
    try {
      return await call(await place.engine());
    } finally {
      place.leave();
    }
  }

  /** For folders that only this worker may use meanwhile. */
  async #borrow<T>(folders: readonly string[], call: () => Promise<T>): Promise<T> {
    const entered: Place[] = [];
    try {
      for (const folder of new Set(folders)) {
        if (folder === '' || inMemory(folder)) continue;
        const place = await this.#enter(folder);
        entered.push(place);
        if (place.files === undefined && !(await place.isOwner))
          throw new EngineError('LOCKED', `${folder} is open in another tab`);
      }
      return await call();
    } finally {
      for (const place of entered) place.leave();
    }
  }
}

/** A session that keeps its place open until it is closed or lost. */
class HeldSession implements EngineSession {
  readonly #inner: EngineSession;
  #leave: (() => void) | undefined;

  constructor(inner: EngineSession, leave: () => void) {
    this.#inner = inner;
    this.#leave = leave;
  }

  read(request: Uint8Array): Promise<Uint8Array> {
    return this.#until(this.#inner.read(request));
  }

  readSync(room: Uint8Array, length: number): number | Uint8Array {
    return this.#inner.readSync(room, length);
  }

  write(request: Uint8Array): Promise<Uint8Array> {
    return this.#until(this.#inner.write(request));
  }

  maintenanceError(): unknown {
    return this.#inner.maintenanceError?.();
  }

  async close(): Promise<void> {
    try {
      await this.#inner.close();
    } finally {
      this.#end();
    }
  }

  async #until(answer: Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof EngineLost) this.#end();
      throw error;
    }
  }

  #end(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}

function inMemory(folder: string): boolean {
  return folder.startsWith(memoryPrefix);
}
