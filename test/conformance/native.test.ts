import { selectEngine } from '../../js/engine/select.ts';
import { codesSuite } from './codes.suite.ts';
import { engineSuite } from './engine.suite.ts';
import { localIndexSuite } from './local-index.suite.ts';
import { repairSuite } from './repair.suite.ts';

engineSuite('native', async () => (await selectEngine('native')).engine);
codesSuite('native');
localIndexSuite('native');
repairSuite('native');
