// The package as users get it: packed, checked by publint and attw, installed into projects outside of the checkout, and
// used there. Nothing is fetched.
import {
  copyFileSync,
  cpSync,
  createReadStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import webpack from 'webpack';
import { chromiumArguments, chromiumPath } from '../../scripts/lib/chromium.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { runMain, UserError } from '../../scripts/lib/process.mjs';
import { packAll } from '../../scripts/pack.mjs';
import { findForbidden, measureFirstLoad } from './first-load.mjs';
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

const types = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
};

/** As docs/browser.md gives it: no code from text, nothing but files of this server. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

function serve(folder) {
  const server = createServer(({ url }, response) => {
    const path = url === '/' ? '/index.html' : url;
    response.setHeader('content-type', types[path.split('.').at(-1)] ?? 'text/plain');
    response.setHeader('content-security-policy', policy);
    createReadStream(join(folder, path))
      .on('error', () => response.writeHead(404).end())
      .pipe(response);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Opens a page twice: what it has stored must be there again. */
async function open(chrome, folder, what) {
  const server = await serve(folder);
  const context = await chrome.newContext();
  try {
    const page = await context.newPage();
    for (let round = 0; round < 2; round++) {
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      await page.waitForFunction(() => document.title !== '…');
      const title = await page.title();
      check(title === 'wasm, opfs: b, a', `${what}: expected the results of the search:`, title);
    }
    const exported = await page.evaluate(() => globalThis.exported());
    writeFileSync(join(folder, 'notes.tar'), Uint8Array.from(exported));
  } finally {
    await context.close();
    server.close();
  }
}

async function vite(folder) {
  const built = await node([tool('vite/bin/vite.js'), 'build'], { cwd: folder });
  check(!/externalized|warning/i.test(built), 'Vite complains:', built);
  return join(folder, 'dist');
}

async function withWebpack(folder) {
  const out = join(folder, 'webpack');
  const stats = await promisify(webpack)({
    context: folder,
    entry: './main.js',
    mode: 'production',
    performance: { hints: false },
    output: { path: out, filename: 'main.js' },
  });
  const { errors, warnings } = stats.toJson();
  check(errors.length + warnings.length === 0, 'webpack complains:', stats.toString());
  copyFileSync(join(folder, 'index.html'), join(out, 'index.html'));
  return out;
}

/** It takes no files along: they are copied by the line that docs/browser.md gives. */
async function withEsbuild(folder, dist) {
  const out = join(folder, 'esbuild');
  const { warnings } = await build({
    absWorkingDir: folder,
    entryPoints: ['main.js'],
    bundle: true,
    minify: true,
    format: 'esm',
    outdir: out,
    logLevel: 'silent',
  });
  check(warnings.length === 0, 'esbuild complains:', JSON.stringify(warnings));
  for (const name of ['worker.mjs', 'quiver.wasm']) copyFileSync(join(dist, name), join(out, name));
  copyFileSync(join(folder, 'index.html'), join(out, 'index.html'));
  return out;
}

/** The package's folder as it is, named by its path. */
function withoutBundler(folder, dist) {
  const out = join(folder, 'plain');
  cpSync(dist, join(out, 'quiverdb'), { recursive: true });
  const main = readFileSync(join(folder, 'main.js'), 'utf8');
  writeFileSync(join(out, 'main.js'), main.replace("'quiverdb'", "'./quiverdb/browser.mjs'"));
  copyFileSync(join(folder, 'index.html'), join(out, 'index.html'));
  return out;
}

/** For browsers: bundled and opened in Chromium; and what a page loads. */
async function browser(main) {
  const folder = await project('browser', main);
  const dist = join(folder, 'node_modules/quiverdb/dist');
  const wrong = findForbidden(dist);
  check(wrong.length === 0, 'A page could not load this:', wrong.join('\n'));
  const chrome = await chromium.launch({
    args: chromiumArguments,
    ...(chromiumPath() === undefined ? {} : { executablePath: chromiumPath() }),
  });
  try {
    const bundled = await vite(folder);
    await open(chrome, bundled, 'Vite');
    const found = await node(['import.js', join(bundled, 'notes.tar')], {
      cwd: folder,
      env: { NODE_NO_WARNINGS: '1' },
    });
    check(found === 'b, a\n', 'Expected what the page has found:', found);
    await open(chrome, await withWebpack(folder), 'webpack');
    await open(chrome, await withEsbuild(folder, dist), 'esbuild');
    await open(chrome, withoutBundler(folder, dist), 'ES modules');
  } finally {
    await chrome.close();
  }
  console.log(
    'Vite, webpack, esbuild, and ES modules alone: wasm in a worker, stored, and given to Node',
  );
  const { total, most, text } = await measureFirstLoad(dist);
  check(total <= most, `A page loads more than ${most} kB before its first search:`, text);
  console.log(`first load, gzip: ${text}`);
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
    await browser(packed.main);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
