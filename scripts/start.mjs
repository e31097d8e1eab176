// npm start: sets everything up, builds it, and runs the example.
import { existsSync } from 'node:fs';
import { bootstrap } from './bootstrap.mjs';
import { buildAll } from './build.mjs';
import { inRoot } from './lib/paths.mjs';
import { run, runMain, UserError } from './lib/process.mjs';

await runMain(async () => {
  await bootstrap();
  await buildAll();
  const example = inRoot('examples/wordnet.mjs');
  if (!existsSync(example))
    throw new UserError('Everything is built, but examples/wordnet.mjs is missing.');
  await run(process.execPath, [example, ...process.argv.slice(2)]);
});
