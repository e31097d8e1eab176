import type { IndexCodec } from './codec/index-codec.ts';
import type { Store } from './saving/store.ts';
import type { FileStorage } from './storage/file-storage.ts';

const noFiles =
  'LocalFileStorage is not supported in browser environments. Use IndexedDBStorage or VirtualFileStorage instead.';

export function defaultStorage(): FileStorage {
  throw new Error(noFiles);
}

/** No storage of a browser can change a file where it lies. */
export const storeInPlace = (
  _storage: FileStorage,
  _path: string,
  _codec: IndexCodec,
): Store | undefined => undefined;
