import { selectEngine } from '../../../js/worker/select.ts';
import { sharedSuites } from '../../conformance/shared-suites.ts';
import { browserSubject } from './subject.ts';

/** Every suite that the backends share, over one kind of storage. */
export function suitesOver(storage: 'opfs' | 'indexeddb' | 'memory'): void {
  sharedSuites(
    browserSubject(storage),
    async () => (await selectEngine('wasm', { storage })).engine,
  );
}
