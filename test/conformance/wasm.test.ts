import { selectEngine } from '../../js/engine/select.ts';
import { codesSuite } from './codes.suite.ts';
import { engineSuite } from './engine.suite.ts';
import { localIndexSuite } from './local-index.suite.ts';
import { repairSuite } from './repair.suite.ts';
import { streamsSuite } from './streams.suite.ts';
import { varietySuite } from './variety.suite.ts';

engineSuite('wasm', async () => (await selectEngine('wasm')).engine);
codesSuite('wasm');
localIndexSuite('wasm');
repairSuite('wasm');
streamsSuite('wasm');
varietySuite('wasm');
