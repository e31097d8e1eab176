// The package as users get it: packed, checked by publint and attw, installed into projects outside of the checkout, and
// used there. Nothing is fetched.
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { collect, runMain, UserError } from '../../scripts/lib/process.mjs';
import { packAll } from '../../scripts/pack.mjs';

const here = inRoot('test/consumers');
const tool = (path) => inRoot('node_modules', path);
const work = mkdtempSync(join(tmpdir(), 'quiver-consumers-'));

/** Runs a program; what it printed. Rejects unless it ends with `status`. */
async function runQuietly(command, args, { cwd = work, env = {}, status = 0 } = {}) {
  const ended = await collect(command, args, { cwd, env: { QUIVER_BACKEND: '', ...env } });
  if (ended.status === status) return ended.output;
  throw new UserError(
    `${[command, ...args].join(' ')} ended with ${ended.status}:\n${ended.output}`,
  );
}

const node = (args, options) => runQuietly(process.execPath, args, options);

/** A copy of a project with the packages installed; its folder. */
async function project(name, ...packages) {
  const folder = join(work, `${name}-${packages.length}`);
  cpSync(join(here, name), folder, { recursive: true });
  const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  await runQuietly('npm', ['install', '--no-save', ...quiet, ...packages], { cwd: folder });
  return folder;
}

function check(truth, what, output = '') {
  if (!truth) throw new UserError(`${what}\n${output}`);
}

async function checkTarballs({ main, addon }) {
  await node([tool('publint/src/cli.js'), main, '--strict']);
  // quiver.wasm is no module, and ./browser is for bundlers, which are all ESM.
  const attw = tool('@arethetypeswrong/cli/dist/index.js');
  await node([attw, main, '--exclude-entrypoints', './quiver.wasm', './browser', '--no-emoji']);
  const list = (await runQuietly('tar', ['-tzf', main])).trim().split('\n');
  const strange = list.filter(
    (path) =>
      !/^package\/(dist\/[\w.-]+\.(mjs|cjs|d\.mts|d\.cts|wasm)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
        path,
      ),
  );
  check(strange.length === 0, 'The package holds what it should not:', strange.join('\n'));
  const kilobytes = (path) => Math.round(statSync(path).size / 1000);
  check(kilobytes(main) < 500, `The package has ${kilobytes(main)} kB, expected less than 500`);
  const unpacked = kilobytes(inRoot('build/Release/quiver.node'));
  check(unpacked < 2000, `The addon has ${unpacked} kB, expected less than 2,000`);
  console.log(
    `packed: ${kilobytes(main)} kB, its addon ${kilobytes(addon)} kB (${unpacked} kB unpacked)`,
  );
}

async function jest(main, addon) {
  const folder = await project('jest-cjs', main, addon);
  const output = await node([tool('jest/bin/jest.js'), '--rootDir', folder], {
    cwd: folder,
    env: { EXPECTED_BACKEND: 'native' },
  });
  console.log(`Jest, CommonJS: ${/^Tests: .*$/m.exec(output)?.[0]}`);
}

async function esm(main, addon) {
  const folder = await project('esm', main, addon);
  const output = await node(['main.js'], { cwd: folder });
  check(output === 'native\n', 'Expected the native backend and no warning:', output);
  console.log('ESM: native');
}

async function withoutAddon(main) {
  const folder = await project('esm', main);
  const output = await node(['main.js'], { cwd: folder });
  check(/^wasm$/m.test(output), 'Expected the WebAssembly backend:', output);
  const warnings = output.match(/QuiverWarning: .*$/gm) ?? [];
  check(warnings.length === 1, 'Expected one warning:', output);
  check(warnings[0].includes('@quiverdb/'), 'The warning does not say what is missing:', output);
  const refused = await node(['main.js'], {
    cwd: folder,
    env: { QUIVER_BACKEND: 'native' },
    status: 1,
  });
  check(/BACKEND_UNAVAILABLE/.test(refused), 'Expected BACKEND_UNAVAILABLE:', refused);
  check(/Cannot find module '@quiverdb\//.test(refused), 'Expected the reason:', refused);
  console.log('ESM without the addon: wasm, one warning; native refused');
}

async function typescript(main) {
  const folder = await project('typescript', main);
  const tsc = (config) => node([tool('typescript/bin/tsc'), '--project', config], { cwd: folder });
  await tsc('tsconfig.node16.json');
  await tsc('tsconfig.bundler.json');
  console.log('TypeScript: node16 and bundler');
}

await runMain(async () => {
  try {
    const packed = await packAll();
    await checkTarballs(packed);
    await jest(packed.main, packed.addon);
    await esm(packed.main, packed.addon);
    await withoutAddon(packed.main);
    await typescript(packed.main);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
