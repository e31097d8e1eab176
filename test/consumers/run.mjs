// The package as users get it: packed, checked by publint and attw, installed into projects outside of the checkout, and
// used there. Nothing is fetched.
import { cpSync, createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { chromiumArguments, chromiumPath } from '../../scripts/lib/chromium.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { runMain, UserError } from '../../scripts/lib/process.mjs';
import { packAll } from '../../scripts/pack.mjs';
import { node, runQuietly, tool } from './programs.mjs';
import { checkTarballs } from './tarballs.mjs';

const here = inRoot('test/consumers');
const work = mkdtempSync(join(tmpdir(), 'quiver-consumers-'));

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

async function jest(backend, ...packages) {
  const folder = await project('jest-cjs', ...packages);
  const output = await node(
    [tool('jest/bin/jest.js'), '--rootDir', folder, '--cacheDirectory', join(work, 'jest-cache')],
    { cwd: folder, env: { EXPECTED_BACKEND: backend } },
  );
  console.log(`Jest, CommonJS, ${backend}: ${/^Tests: +(.*)$/m.exec(output)?.[1]}`);
}

async function esm(main, addon) {
  const folder = await project('esm', main, addon);
  const output = await node(['main.js'], { cwd: folder });
  check(output === 'native\n', 'Expected the native backend and no warning:', output);
  if (Number(process.versions.node.split('.')[0]) >= 24)
    await node(['await-using.js'], { cwd: folder });
  console.log('ESM: native');
}

/** Runs where no addon is found; the one warning that says why. */
async function warningOf(folder, ...options) {
  const output = await node([...options, 'main.js'], { cwd: folder });
  check(/^wasm$/m.test(output), 'Expected the WebAssembly backend:', output);
  const warnings = output.match(/QuiverWarning: .*$/gm) ?? [];
  check(warnings.length === 1, 'Expected one warning:', output);
  return warnings[0];
}

async function withoutAddon(main) {
  const folder = await project('esm', main);
  const missing = /@quiverdb\/[\w-]+ is not installed/;
  const warning = await warningOf(folder);
  check(missing.test(warning), 'The warning does not say what is missing:', warning);
  const refused = await node(['main.js'], {
    cwd: folder,
    env: { QUIVER_BACKEND: 'native' },
    status: 1,
  });
  check(/BACKEND_UNAVAILABLE/.test(refused), 'Expected BACKEND_UNAVAILABLE:', refused);
  check(missing.test(refused), 'Expected the reason:', refused);
  const elsewhere = 'Object.defineProperty(process, "platform", { value: "freebsd" })';
  const strange = await warningOf(folder, '--import', `data:text/javascript,${elsewhere}`);
  check(strange.includes('Quiver has none for freebsd-'), 'Expected the platform:', strange);
  console.log('ESM without the addon: wasm, one warning; native refused');
}

async function typescript(main) {
  const folder = await project('typescript', main);
  const tsc = (config) => node([tool('typescript/bin/tsc'), '--project', config], { cwd: folder });
  await tsc('tsconfig.node16.json');
  await tsc('tsconfig.bundler.json');
  console.log('TypeScript: node16 and bundler');
}

const types = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };

/** Bundles for browsers, and opens the page in Chromium, twice: what it has stored must be there again. */
async function vite(main) {
  const folder = await project('vite', main);
  const built = await node([tool('vite/bin/vite.js'), 'build'], { cwd: folder });
  check(!/externalized|warning/i.test(built), 'The bundler complains:', built);
  const server = createServer(({ url }, response) => {
    const path = url === '/' ? '/index.html' : url;
    response.setHeader('content-type', types[path.split('.').at(-1)] ?? 'text/plain');
    createReadStream(join(folder, 'dist', path))
      .on('error', () => response.writeHead(404).end())
      .pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    args: chromiumArguments,
    ...(chromiumPath() === undefined ? {} : { executablePath: chromiumPath() }),
  });
  try {
    const page = await (await browser.newContext()).newPage();
    for (let round = 0; round < 2; round++) {
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.waitForFunction(() => document.title !== '…');
      const title = await page.title();
      check(title === 'wasm, opfs: b, a', 'Expected the results of the search:', title);
    }
    const exported = await page.evaluate(() => globalThis.exported());
    writeFileSync(join(folder, 'notes.tar'), Uint8Array.from(exported));
  } finally {
    await browser.close();
    server.close();
  }
  const found = await node(['import.js'], { cwd: folder, env: { NODE_NO_WARNINGS: '1' } });
  check(found === 'b, a\n', 'Expected what the page has found:', found);
  console.log('Vite, for browsers: wasm in a worker, stored, and given to Node');
}

await runMain(async () => {
  try {
    const packed = await packAll();
    console.log(await checkTarballs(packed, work));
    await jest('native', packed.main, packed.addon);
    await jest('wasm', packed.main);
    await esm(packed.main, packed.addon);
    await withoutAddon(packed.main);
    await typescript(packed.main);
    await vite(packed.main);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
