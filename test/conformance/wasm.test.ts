import { selectEngine } from '../../js/engine/select.ts';
import { codesSuite } from './codes.suite.ts';
import { engineSuite } from './engine.suite.ts';
import { filtersSuite } from './filters.suite.ts';
import { localIndexSuite } from './local-index.suite.ts';
import { metricsSuite } from './metrics.suite.ts';
import { queriesSuite } from './queries.suite.ts';
import { repairSuite } from './repair.suite.ts';

engineSuite('wasm', async () => (await selectEngine('wasm')).engine);
codesSuite('wasm');
localIndexSuite('wasm');
metricsSuite('wasm');
queriesSuite('wasm');
repairSuite('wasm');
filtersSuite('wasm');
