// Where a benchmark finds what it needs and leaves what it makes.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { options } from './options.mjs';

export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(benchFolder);
/** Reports, and exact answers that took long to find. */
export const resultsFolder = join(benchFolder, 'results');

/** A folder on the disk that --dir names; gone when the process ends. */
export function scratch() {
  const folder = mkdtempSync(join(options.dir, 'quiver-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  return folder;
}

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
