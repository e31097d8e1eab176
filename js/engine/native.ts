import { version } from '../../package.json' with { type: 'json' };
import { type FolderFiles, HostFiles } from '../storage/host-files.ts';
import { NodeFs } from '../storage/node-fs.ts';
import { readMap } from '../wire/results.ts';
import type { Engine, EngineSession } from './engine.ts';
import { findAddon } from './platform.ts';

/** What the addon exports (src/addon). */
interface Addon {
  capabilities(): Uint8Array;
  create(folder: string, config: Uint8Array): Promise<void>;
  exists(folder: string): Promise<boolean>;
  destroy(folder: string): Promise<void>;
  repair(source: string, target: string): Promise<Uint8Array>;
  open(folder: string, options: Uint8Array): Promise<EngineSession>;
}

/** The addon as an engine, or undefined when it cannot be loaded; and what was tried. */
export function loadNativeEngine(): {
  readonly engine: Engine | undefined;
  readonly attempts: readonly string[];
} {
  const { addon, attempts } = findAddon();
  if (addon === undefined) return { engine: undefined, attempts };
  try {
    return { engine: new NativeEngine(addon as Addon), attempts };
  } catch (error) {
    return {
      engine: undefined,
      attempts: [...attempts, `the addon cannot be used: ${String(error)}`],
    };
  }
}

class NativeEngine implements Engine {
  readonly backend = 'native';
  readonly storage = 'disk';
  readonly files: FolderFiles = new HostFiles(new NodeFs());
  readonly simd: string;
  readonly threads: number;
  readonly #addon: Addon;

  constructor(addon: Addon) {
    this.#addon = addon;
    const { simd, threads, version: built } = readMap(addon.capabilities());
    // Messages to the core may change with every release.
    if (built !== version) throw new Error(`it is of version ${built}, the package of ${version}`);
    this.simd = String(simd);
    this.threads = Number(threads);
  }

  // async: what the addon throws at once (a wrong argument) rejects, as everything else does.
  async create(folder: string, config: Uint8Array): Promise<void> {
    await this.#addon.create(folder, config);
  }

  async exists(folder: string): Promise<boolean> {
    return this.#addon.exists(folder);
  }

  async destroy(folder: string): Promise<void> {
    await this.#addon.destroy(folder);
  }

  async repair(source: string, target: string): Promise<Uint8Array> {
    return this.#addon.repair(source, target);
  }

  async open(folder: string, options: Uint8Array): Promise<EngineSession> {
    return this.#addon.open(folder, options);
  }
}
