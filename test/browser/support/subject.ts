import { LocalIndex as BrowserIndex, type BrowserIndexOptions } from '../../../js/browser.ts';
import type {
  LocalIndexOptions,
  Metadata,
  RepairOptions,
  RepairResult,
} from '../../../js/index.ts';
import type { Subject } from '../../conformance/subject.ts';

/** Indexes of this page's origin, in one kind of storage. */
export function browserSubject(storage: 'opfs' | 'indexeddb' | 'memory'): Subject {
  class LocalIndex<T extends object = Metadata> extends BrowserIndex<T> {
    constructor(folder: string, options: LocalIndexOptions = {}) {
      super(folder, { ...options, storage } as BrowserIndexOptions);
    }
    static override repair(
      source: string,
      target: string,
      options: RepairOptions = {},
    ): Promise<RepairResult> {
      return BrowserIndex.repair(source, target, { ...options, storage });
    }
  }
  return {
    name: storage,
    backend: 'wasm',
    storage,
    LocalIndex,
    newFolder: async () => ({
      folder: `test ${crypto.randomUUID()}`,
      remove: async () => undefined,
    }),
    sync: false,
    foreign: (numbers) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const realm = frame.contentWindow as Window & typeof globalThis;
      const array = new realm.Float32Array(numbers);
      frame.remove();
      return array;
    },
  };
}
