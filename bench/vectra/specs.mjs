// node bench/vectra/specs.mjs <checkout> [words…]
// Runs Vectra's own specs against quiverdb/vectra. <checkout> is Vectra's repository at 0.15, in which `npm install` was
// run (mocha and sinon come from there). Words choose specs by their file's name. Nothing of the checkout is changed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const [checkout, ...words] = process.argv.slice(2);
if (checkout === undefined) {
  console.error('Usage: node bench/vectra/specs.mjs <checkout of Vectra> [words…]');
  process.exit(2);
}

/** What is no part of quiverdb/vectra: Vectra's server and its command. */
const leftOut = /server|vectra-cli/;

/** Specs that say something of how Vectra is made, and not of what it does; each with the reason. */
const exceptions = {
  'internal event dispatch': 'private methods of FolderWatcher',
  'defaults apiVersion and maxTokens': 'the private _clientType of OpenAIEmbeddings',
  'OSS: selects OSS client type': 'the same',
  'OpenAI: selects OpenAI client type': 'the same',
  'returns empty buffer if content is undefined': 'the private _entries of VirtualFileStorage',
  'batches chunk embeddings using embeddings.maxTokens':
    'an empty request before each chunk that is longer than the model takes, which services refuse',
};

const source = resolve(checkout, 'src');
const specs = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.spec.ts') && !leftOut.test(name))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .map((name) => join(source, name));

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'quiver-vectra-specs-'));
try {
  await build({
    input: join(root, 'js/vectra/index.ts'),
    platform: 'node',
    external: (name) => !/^[./]/.test(name),
    logLevel: 'warn',
    output: {
      dir: folder,
      format: 'cjs',
      preserveModules: true,
      preserveModulesRoot: join(root, 'js/vectra'),
      entryFileNames: '[name].cjs',
      exports: 'named',
      polyfillRequire: false,
    },
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
  const load = createRequire(join(resolve(checkout), 'package.json'));
  const { status } = spawnSync(
    process.execPath,
    [
      load.resolve('mocha/bin/mocha.js'),
      '--timeout=20000',
      '--exit',
      '--reporter=dot',
      '--invert',
      `--grep=${Object.keys(exceptions).join('|')}`,
      `--require=${fileURLToPath(new URL('specs-hook.cjs', import.meta.url))}`,
      ...specs,
    ],
    {
      cwd: folder,
      stdio: 'inherit',
      env: {
        ...process.env,
        QUIVER_SPECS_SOURCE: source,
        QUIVER_SPECS_MODULES: folder,
        // Optional packages come from the checkout too.
        NODE_PATH: join(resolve(checkout), 'node_modules'),
      },
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
