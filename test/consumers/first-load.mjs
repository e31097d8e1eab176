// What a page loads before its first search: how large that is, and that a strict content security policy lets it run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'acorn';
import { build } from 'esbuild';

/** kB of 1000 bytes, by gzip -9. The module is most of it: docs/performance.md says of what. */
const most = 335;

const kilobytes = (bytes) => Math.ceil(gzipSync(bytes, { level: 9 }).length / 1000);

/** The API as a bundler makes it, the worker with its glue, and the module. `dist`: of the package. */
export async function measureFirstLoad(dist) {
  const { outputFiles } = await build({
    entryPoints: [join(dist, 'browser.mjs')],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  const parts = [
    ['quiver.wasm', readFileSync(join(dist, 'quiver.wasm'))],
    ['worker.mjs', readFileSync(join(dist, 'worker.mjs'))],
    ['API', outputFiles[0].contents],
  ].map(([name, bytes]) => ({ name, size: kilobytes(bytes) }));
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  return {
    total,
    most,
    text: `${parts.map(({ name, size }) => `${name} ${size}`).join(' + ')} = ${total} kB`,
  };
}

/** Whether a script may make code of text, or names a module of Node: such words, outside of strings and comments. */
function forbidden(source) {
  const tokens = [];
  // Only a parser tells a regular expression from a division.
  parse(source, { ecmaVersion: 'latest', sourceType: 'module', onToken: tokens });
  const found = [];
  for (const [i, { value, type }] of tokens.entries()) {
    const next = tokens[i + 1]?.type.label;
    const isMember = tokens[i - 1]?.type.label === '.';
    if (type.label === 'name' && value === 'eval' && !isMember) found.push('eval');
    if (type.label === 'name' && value === 'Function' && next === '(') found.push('Function(');
    if (type.label === 'string' && value.startsWith('node:')) found.push(value);
    if (type.label === 'name' && value === 'require' && next === '(' && !isMember)
      found.push('require(');
  }
  return found;
}

/** What is wrong with the scripts that the entry for browsers loads. */
export function findForbidden(dist) {
  return ['browser.mjs', 'worker.mjs'].flatMap((name) =>
    forbidden(readFileSync(join(dist, name), 'utf8')).map((word) => `dist/${name} has ${word}`),
  );
}
