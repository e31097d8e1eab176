import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { LocalDocumentIndex } from './local-document-index.ts';

export interface FolderWatcherConfig {
  index: LocalDocumentIndex;
  /** Files, and folders with all that is in them. */
  paths: string[];
  /** Endings of the files to take, with or without the dot; all files without it. */
  extensions?: string[];
  /** How long a file must have rested before it is read, in milliseconds. @default 500 */
  debounceMs?: number;
}

export interface FolderWatcherEvents {
  sync: [uri: string, action: 'added' | 'updated' | 'deleted'];
  error: [error: Error, uri: string];
  ready: [];
}

/** Keeps the documents of an index as files on this machine are: once when it starts, and then whenever they change. */
export class FolderWatcher extends EventEmitter<FolderWatcherEvents> {
  readonly #index: LocalDocumentIndex;
  readonly #extensions: ReadonlySet<string> | undefined;
  readonly #debounceMs: number;
  #paths: string[];
  /** The files that are in the index, and when each had been changed when it was read. */
  readonly #tracked = new Map<string, number>();
  readonly #watchers = new Map<string, fs.FSWatcher>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isRunning = false;

  constructor(config: FolderWatcherConfig) {
    super();
    this.#index = config.index;
    this.#paths = config.paths.map((name) => path.resolve(name));
    this.#debounceMs = config.debounceMs ?? 500;
    this.#extensions =
      config.extensions &&
      new Set(config.extensions.map((name) => `.${name.replace(/^\./, '').toLowerCase()}`));
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get trackedFileCount(): number {
    return this.#tracked.size;
  }

  /** @throws `FolderWatcher is already running` */
  async start(): Promise<void> {
    if (this.#isRunning) throw new Error('FolderWatcher is already running');
    this.#isRunning = true;
    // Watching reports real names; some systems have others too.
    this.#paths = await Promise.all(
      this.#paths.map((name) => fs.promises.realpath(name).catch(() => name)),
    );
    await this.sync();
    this.emit('ready');
    for (const name of this.#paths) await this.#watch(name);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Compares all files with what is tracked; resolves to how many were added, updated or deleted. */
  async sync(): Promise<number> {
    const files = new Map<string, number>();
    for (const name of this.#paths) await this.#collect(name, files);
    let count = 0;
    for (const [file, changed] of files) {
      const known = this.#tracked.get(file);
      if ((known === undefined || known < changed) && (await this.#upsert(file, changed))) count++;
    }
    for (const file of [...this.#tracked.keys()])
      if (!files.has(file) && (await this.#delete(file))) count++;
    return count;
  }

  /** Files at or below a path, and when each was changed. */
  async #collect(name: string, files: Map<string, number>): Promise<void> {
    const stats = await fs.promises.stat(name).catch(() => undefined);
    if (stats?.isFile()) {
      if (this.#takes(name)) files.set(name, stats.mtimeMs);
    } else if (stats?.isDirectory()) {
      for (const entry of await fs.promises.readdir(name).catch(() => []))
        await this.#collect(path.join(name, entry), files);
    }
  }

  #takes(file: string): boolean {
    return this.#extensions?.has(path.extname(file).toLowerCase()) ?? true;
  }

  async #upsert(file: string, changed: number): Promise<boolean> {
    const action = this.#tracked.has(file) ? 'updated' : 'added';
    return await this.#report(file, action, async () => {
      const text = await fs.promises.readFile(file, 'utf-8');
      const ending = path.extname(file).slice(1).toLowerCase();
      await this.#index.upsertDocument(file, text, ending === '' ? undefined : ending);
      this.#tracked.set(file, changed);
    });
  }

  async #delete(file: string): Promise<boolean> {
    return await this.#report(file, 'deleted', async () => {
      await this.#index.deleteDocument(file);
      this.#tracked.delete(file);
    });
  }

  async #report(
    file: string,
    action: 'added' | 'updated' | 'deleted',
    work: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await work();
    } catch (error) {
      this.emit('error', asError(error), file);
      return false;
    }
    this.emit('sync', file, action);
    return true;
  }

  /** Watches a file, or a folder and the folders in it: watching only its own entries works on every system. */
  async #watch(name: string): Promise<void> {
    const stats = await fs.promises.stat(name).catch(() => undefined);
    if (!this.#isRunning || stats === undefined || this.#watchers.has(name)) return;
    const isFolder = stats.isDirectory();
    try {
      const watcher = fs.watch(name, (_event, entry) => {
        if (!this.#isRunning) return;
        if (isFolder && entry) void this.#changed(path.join(name, entry));
        else if (!isFolder) this.#syncSoon(name);
      });
      this.#watchers.set(name, watcher);
      watcher.on('error', (error) => {
        this.#unwatch(name);
        this.emit('error', error, name);
      });
    } catch (error) {
      this.emit('error', asError(error), name);
      return;
    }
    if (!isFolder) return;
    const entries = await fs.promises.readdir(name, { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isDirectory()) await this.#watch(path.join(name, entry.name));
  }

  /** Something in a folder is new, has changed, or is gone. */
  async #changed(name: string): Promise<void> {
    const stats = await fs.promises.stat(name).catch(() => undefined);
    if (!this.#isRunning) return;
    if (stats === undefined) {
      this.#unwatch(name);
      const below = `${name}${path.sep}`;
      for (const file of this.#tracked.keys())
        if (file === name || file.startsWith(below)) this.#syncSoon(file);
    } else if (stats.isDirectory()) {
      if (this.#watchers.has(name)) return;
      await this.#watch(name);
      const files = new Map<string, number>();
      await this.#collect(name, files);
      for (const file of files.keys()) this.#syncSoon(file);
    } else if (this.#takes(name)) {
      this.#syncSoon(name);
    }
  }

  #unwatch(name: string): void {
    const below = `${name}${path.sep}`;
    for (const [watched, watcher] of this.#watchers) {
      if (watched !== name && !watched.startsWith(below)) continue;
      watcher.close();
      this.#watchers.delete(watched);
    }
  }

  /** Once a file rests: editors write in several steps. */
  #syncSoon(file: string): void {
    clearTimeout(this.#timers.get(file));
    this.#timers.set(
      file,
      setTimeout(() => {
        this.#timers.delete(file);
        void this.#syncFile(file);
      }, this.#debounceMs),
    );
  }

  async #syncFile(file: string): Promise<void> {
    const stats = await fs.promises.stat(file).catch(() => undefined);
    if (!this.#isRunning) return;
    if (stats?.isFile()) await this.#upsert(file, stats.mtimeMs);
    else if (stats === undefined && this.#tracked.has(file)) await this.#delete(file);
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));
