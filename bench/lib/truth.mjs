// Exact answers (exact.mjs) are searched for once: they are kept under a hash of all that they depend on.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { searchExactly } from './exact.mjs';
import { resultsFolder } from './paths.mjs';

const keptIn = join(resultsFolder, 'truth');

function hashOf({ base, queries, dimensions, metric, depth, accept }) {
  const hash = createHash('sha1').update(JSON.stringify([dimensions, metric, depth]));
  for (const array of [base, queries, accept ?? new Uint8Array(0)]) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < bytes.length; at += 2 ** 30)
      hash.update(bytes.subarray(at, at + 2 ** 30));
    hash.update('|');
  }
  return hash.digest('hex').slice(0, 20);
}

/** As searchExactly. */
export async function exactNearest(question) {
  const file = join(keptIn, `${hashOf(question)}.json`);
  if (existsSync(file))
    return JSON.parse(readFileSync(file, 'utf8')).map((rows) => Int32Array.from(rows));
  const nearest = await searchExactly(question);
  mkdirSync(keptIn, { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(nearest.map((rows) => [...rows])));
  renameSync(`${file}.new`, file);
  return nearest;
}
