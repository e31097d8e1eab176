// Sets up everything that building and testing needs, from a bare checkout; does nothing when all is there.
// The only thing it puts outside this folder are system packages through apt-get, which it names first.
import { pathToFileURL } from 'node:url';
import { cleanPool } from './lib/debian-pool.mjs';
import { ensureEmscripten, usesLocalEmscripten } from './lib/emscripten.mjs';
import { ensureLibraries } from './lib/libraries.mjs';
import { ensureNpmPackages } from './lib/npm-packages.mjs';
import { runMain, UserError } from './lib/process.mjs';
import { ensureCompiler, ensureSystemPackages } from './lib/system-packages.mjs';

const nodeMinimum = 20;

export async function bootstrap() {
  if (Number(process.versions.node.split('.')[0]) < nodeMinimum) {
    throw new UserError(
      `Node ${nodeMinimum} or later is needed; this is ${process.versions.node}.`,
    );
  }
  await ensureSystemPackages({ localEmscripten: usesLocalEmscripten() });
  await ensureCompiler();
  await ensureNpmPackages();
  try {
    await ensureLibraries();
    await ensureEmscripten();
  } finally {
    cleanPool();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await runMain(bootstrap);
