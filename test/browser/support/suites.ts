import { selectEngine } from '../../../js/worker/select.ts';
import { archiveSuite } from '../../conformance/archive.suite.ts';
import { codesSuite } from '../../conformance/codes.suite.ts';
import { engineSuite } from '../../conformance/engine.suite.ts';
import { filtersSuite } from '../../conformance/filters.suite.ts';
import { localIndexSuite } from '../../conformance/local-index.suite.ts';
import { metricsSuite } from '../../conformance/metrics.suite.ts';
import { queriesSuite } from '../../conformance/queries.suite.ts';
import { repairSuite } from '../../conformance/repair.suite.ts';
import { streamsSuite } from '../../conformance/streams.suite.ts';
import { varietySuite } from '../../conformance/variety.suite.ts';
import { browserSubject } from './subject.ts';

/** Every suite that the backends share, over one kind of storage. */
export function sharedSuites(storage: 'opfs' | 'indexeddb' | 'memory'): void {
  const subject = browserSubject(storage);
  engineSuite(subject, async () => (await selectEngine('wasm', { storage })).engine);
  archiveSuite(subject);
  codesSuite(subject);
  localIndexSuite(subject);
  metricsSuite(subject);
  queriesSuite(subject);
  repairSuite(subject);
  filtersSuite(subject);
  streamsSuite(subject);
  varietySuite(subject);
}
