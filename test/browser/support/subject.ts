import { LocalIndex as BrowserIndex, type BrowserIndexOptions } from '../../../js/browser.ts';
import type {
  ArchiveSource,
  DownloadOptions,
  ImportOptions,
  LocalIndexOptions,
  Metadata,
  RepairOptions,
  RepairResult,
} from '../../../js/index.ts';
import { selectEngine } from '../../../js/worker/select.ts';
import type { Subject } from '../../conformance/subject.ts';

/** Indexes of this page's origin, in one kind of storage. */
export function browserSubject(storage: 'opfs' | 'indexeddb' | 'memory'): Subject {
  class LocalIndex<T extends object = Metadata> extends BrowserIndex<T> {
    constructor(folder: string, options: LocalIndexOptions = {}) {
      super(folder, { ...options, storage } as BrowserIndexOptions);
    }
    static override importArchive<T extends object = Metadata>(
      source: ArchiveSource,
      folder: string,
      options: ImportOptions = {},
    ): Promise<BrowserIndex<T>> {
      return BrowserIndex.importArchive<T>(source, folder, { ...options, storage });
    }
    static override fromUrl<T extends object = Metadata>(
      url: string | URL,
      folder: string,
      options: DownloadOptions = {},
    ): Promise<BrowserIndex<T>> {
      return BrowserIndex.fromUrl<T>(url, folder, { ...options, storage });
    }
    static override repair(
      source: string,
      target: string,
      options: RepairOptions = {},
    ): Promise<RepairResult> {
      return BrowserIndex.repair(source, target, { ...options, storage });
    }
  }
  const files = async () => (await selectEngine('wasm', { storage })).engine.files;
  return {
    name: storage,
    backend: 'wasm',
    storage,
    LocalIndex,
    newFolder: async () => ({
      folder: `test ${crypto.randomUUID()}`,
      remove: async () => undefined,
    }),
    files: {
      list: async (folder) => (await (await files()).list(folder)).map(({ name }) => name),
      read: async (folder, name) => (await files()).read(folder, name, 0, Number.MAX_SAFE_INTEGER),
      write: async (folder, name, bytes) => {
        await (await files()).append(folder, name, bytes.slice());
        await (await files()).finish(folder);
      },
      remove: async (folder, name) => (await files()).remove(folder, name),
    },
    sync: false,
    fineClock: false,
    foreign: (numbers) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const realm = frame.contentWindow as Window & typeof globalThis;
      const array = new realm.Float32Array(numbers);
      frame.remove();
      return array;
    },
  };
}
