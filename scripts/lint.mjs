// Format and lint of everything: clang-format and clang-tidy for C++, biome and tsc for the rest.
//   node scripts/lint.mjs          checks
//   node scripts/lint.mjs --fix    formats, and applies biome's safe fixes
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRoot, root, stampFolder } from './lib/paths.mjs';
import { run, runMain, UserError } from './lib/process.mjs';
import { filesBelow, hashOfFiles, sha256, sha256OfFile } from './lib/stamp.mjs';
import { buildCoreTests } from './lib/targets.mjs';

const biome = inRoot('node_modules/@biomejs/biome/bin/biome');
const tsc = inRoot('node_modules/typescript/bin/tsc');
const cppFiles = () =>
  filesBelow(
    ['src', 'wasm', 'test', 'bench/budget', 'bench/kernel'].map((name) => inRoot(name)),
    (path) => /\.(h|cpp)$/.test(path) && !path.includes('node_modules'),
  );

/** A file and all of ours that it includes. */
function withIncludes(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/^#include "([^"]+)"/gm)) {
    const path = [dirname(file), inRoot('src'), inRoot('test/core'), inRoot('wasm')]
      .map((folder) => join(folder, name))
      .find((path) => existsSync(path));
    if (path) withIncludes(path, found);
  }
  return found;
}

/** clang-tidy takes seconds a file, so a file that was clean is asked again only when it or an include changes. */
async function tidy() {
  const database = inRoot('build/release/compile_commands.json');
  await buildCoreTests('release');
  const known = new Set(
    JSON.parse(readFileSync(database, 'utf8')).map((entry) => relative(root, entry.file)),
  );
  const cachePath = join(stampFolder, 'clang-tidy');
  const rules = sha256OfFile(inRoot('.clang-tidy'));
  let clean = new Set();
  try {
    clean = new Set(JSON.parse(readFileSync(cachePath, 'utf8')));
  } catch {
    // No record yet: every file is asked.
  }
  const keys = new Map();
  for (const file of cppFiles()) {
    // Tests and the files for other platforms are left to the compilers.
    if (!file.startsWith(inRoot('src')) || !known.has(relative(root, file))) continue;
    keys.set(file, sha256(`${rules}\n${hashOfFiles([...withIncludes(file)].sort())}`));
  }
  const stale = [...keys.keys()].filter((file) => !clean.has(keys.get(file)));
  const done = [...keys.values()].filter((key) => clean.has(key));
  const failures = [];
  const worker = async () => {
    for (let file = stale.pop(); file; file = stale.pop()) {
      try {
        await run('clang-tidy', ['--quiet', '-p', dirname(database), file], { quiet: true });
        done.push(keys.get(file));
      } catch (error) {
        failures.push(error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  mkdirSync(stampFolder, { recursive: true });
  writeFileSync(cachePath, JSON.stringify(done.sort()));
  if (failures.length > 0) throw new UserError(failures.join('\n'));
}

/** Resolves when all is clean; rejects with what each tool said. */
export async function lint({ fix = false } = {}) {
  const files = cppFiles();
  if (files.length > 0)
    await run('clang-format', [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...files], {
      quiet: true,
    });
  await run(
    process.execPath,
    [biome, 'check', '--colors=off', ...(fix ? ['--write'] : ['--error-on-warnings'])],
    { quiet: true },
  );
  if (fix) return;
  await run(process.execPath, [tsc, '--noEmit'], { quiet: true });
  if (existsSync(inRoot('test/core'))) await tidy();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(() => lint({ fix: process.argv.includes('--fix') }));
}
