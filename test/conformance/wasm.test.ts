import { selectEngine } from '../../js/engine/select.ts';
import { engineSuite } from './engine.suite.ts';
import { localIndexSuite } from './local-index.suite.ts';
import { repairSuite } from './repair.suite.ts';

engineSuite('wasm', async () => (await selectEngine('wasm')).engine);
localIndexSuite('wasm');
repairSuite('wasm');
