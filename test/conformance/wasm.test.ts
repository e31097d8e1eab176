import { selectEngine } from '../../js/engine/select.ts';
import { nodeSubject } from './node.ts';
import { sharedSuites } from './shared-suites.ts';

sharedSuites(nodeSubject('wasm'), async () => (await selectEngine('wasm')).engine);
