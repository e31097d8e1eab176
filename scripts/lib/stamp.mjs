// Stamps: small files that hold the key of the inputs that a finished step had. A step whose key has not
// changed, and whose results are still there, is not run again.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root, stampFolder } from './paths.mjs';

export const sha256 = (data) => createHash('sha256').update(data).digest('hex');
export const sha256OfFile = (path) => sha256(readFileSync(path));

/** All files below `paths` (files or folders; what is missing counts as empty), sorted. */
export function filesBelow(paths, accept = () => true) {
  const found = [];
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path)) visit(join(path, name));
    } else if (accept(path)) {
      found.push(path);
    }
  };
  for (const path of paths) visit(path);
  return found.sort();
}

/** A hash of the names (relative to `base`) and contents of files. */
export function hashOfFiles(files, base = root) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${relative(base, file).split(sep).join('/')}\0${sha256OfFile(file)}\n`);
  }
  return hash.digest('hex');
}

const stampPath = (name) => join(stampFolder, name);

/** Whether step `name` finished with `key` (any JSON value) and all `results` are still there. */
export function isFresh(name, key, results = []) {
  try {
    return (
      readFileSync(stampPath(name), 'utf8') === JSON.stringify(key) &&
      results.every((path) => existsSync(path))
    );
  } catch {
    return false;
  }
}

export function markFresh(name, key) {
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(stampPath(name), JSON.stringify(key));
}

/** Runs `action` unless step `name` is fresh; a failed action leaves the step stale. Says whether it ran. */
export async function step(name, key, results, action) {
  if (isFresh(name, key, results)) return false;
  rmSync(stampPath(name), { force: true });
  await action();
  for (const path of results) {
    if (!existsSync(path)) throw new Error(`Step ${name} finished without making ${path}.`);
  }
  markFresh(name, key);
  return true;
}
