import type { Engine } from '../../js/engine/engine.ts';
import { archiveSuite } from './archive.suite.ts';
import { codesSuite } from './codes.suite.ts';
import { engineSuite } from './engine.suite.ts';
import { filtersSuite } from './filters.suite.ts';
import { localIndexSuite } from './local-index.suite.ts';
import { metricsSuite } from './metrics.suite.ts';
import { queriesSuite } from './queries.suite.ts';
import { repairSuite } from './repair.suite.ts';
import { streamsSuite } from './streams.suite.ts';
import type { Subject } from './subject.ts';
import { varietySuite } from './variety.suite.ts';

/** Every suite that backends and storages share. */
export function sharedSuites(subject: Subject, engine: () => Promise<Engine>): void {
  engineSuite(subject, engine);
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
