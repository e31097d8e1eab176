import { expected } from './errors.ts';
import {
  type DownloadOptions,
  type ImportOptions,
  type LocalIndexOptions,
  oneOf,
  type RepairOptions,
} from './options.ts';

const storages = ['auto', 'opfs', 'indexeddb', 'memory'] as const;

/** Where and by whom an index is kept in a browser. */
export interface HomeOptions {
  /**
   * Where indexes are kept: in the origin's private file system, in IndexedDB, or in the worker's memory, which is gone with
   * the page. `'auto'` takes the first of the first two that the browser has. Each is a place of its own: an index that was made in one
   * is not found in another. @default 'auto'
   */
  readonly storage?: (typeof storages)[number];
  /**
   * The worker that the engine runs in, which has to run `quiverdb/worker`; or a function that starts one, for the first
   * index that names it and after the loss of the one before. For pages whose bundler or Content-Security-Policy does not let the package
   * start its own. @default one that all indexes of the page share
   */
  readonly worker?: Worker | (() => Worker);
}

/** Options of an index in a browser. */
export interface BrowserIndexOptions extends LocalIndexOptions, HomeOptions {}

export interface BrowserRepairOptions extends RepairOptions, HomeOptions {}

export interface BrowserImportOptions extends ImportOptions, HomeOptions {}

export interface BrowserDownloadOptions extends DownloadOptions, HomeOptions {}

/** @throws {QuiverError} `INVALID_ARGUMENT` */
export function splitHome<Options extends HomeOptions>(
  name: string,
  options: Options,
): { home: HomeOptions; rest: Omit<Options, keyof HomeOptions> } {
  if (typeof options !== 'object' || options === null)
    throw expected('INVALID_ARGUMENT', 'an object', name, options);
  const { storage, worker, ...rest } = options;
  return { home: checkHome({ storage, worker }), rest };
}

function checkHome({ storage, worker }: Record<keyof HomeOptions, unknown>): HomeOptions {
  oneOf('storage', storage, storages);
  const isWorker =
    typeof worker === 'object' &&
    worker !== null &&
    typeof (worker as Worker).postMessage === 'function';
  if (worker !== undefined && typeof worker !== 'function' && !isWorker)
    throw expected('INVALID_ARGUMENT', 'a Worker or a function that starts one', 'worker', worker);
  return { storage, worker } as HomeOptions;
}
