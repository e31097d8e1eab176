// npm run playground: sets everything up, builds it, and serves the playground on this machine's own address.
//   npm run playground -- --build    writes it to build/playground instead, for any static server
import { bootstrap } from './bootstrap.mjs';
import { buildAll } from './build.mjs';
import { inRoot } from './lib/paths.mjs';
import { runMain, say, UserError } from './lib/process.mjs';
import { buildPlayground } from './lib/targets.mjs';

await runMain(async () => {
  const options = process.argv.slice(2).filter((word) => word !== '--');
  const unknown = options.find((word) => word !== '--build');
  if (unknown !== undefined)
    throw new UserError(`No option ${unknown}: npm run playground [-- --build]`);
  await bootstrap();
  await buildAll();
  if (options.includes('--build')) {
    await buildPlayground();
    say('The playground is in build/playground: any static server can serve it, below any path.');
    return;
  }
  const { createServer } = await import('vite');
  const server = await createServer({ configFile: inRoot('playground/vite.config.ts') });
  await server.listen();
  say(`The playground: ${server.resolvedUrls.local[0]}    (Ctrl+C ends it)`);
});
