// node scripts/build.mjs [native|wasm|js|playground|core-tests|all]…    (default: all; bootstrap first)
// core-tests may name a preset: core-tests:asan.
import { pathToFileURL } from 'node:url';
import { runMain, UserError } from './lib/process.mjs';
import {
  buildCoreTests,
  buildJs,
  buildNative,
  buildPlayground,
  buildWasm,
} from './lib/targets.mjs';

const targets = {
  native: buildNative,
  wasm: buildWasm,
  js: buildJs,
  playground: buildPlayground,
  'core-tests': buildCoreTests,
  all: buildAll,
};

/** Everything that the package consists of. */
export async function buildAll() {
  await buildNative();
  await buildWasm();
  await buildJs();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['all'];
    for (const word of wanted) {
      const [name, preset] = word.split(':');
      if (!Object.hasOwn(targets, name))
        throw new UserError(`No target ${name}. There are: ${Object.keys(targets).join(', ')}.`);
      await targets[name](...(preset ? [preset] : []));
    }
  });
}
