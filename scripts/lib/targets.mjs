// The build targets. Each is skipped when the contents of its inputs have not changed and its results are there.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { findEmscripten } from './emscripten.mjs';
import { fuzzCompiler } from './fuzz-compiler.mjs';
import { includeFolder, inRoot } from './paths.mjs';
import { run, say, UserError } from './process.mjs';
import { filesBelow, hashOfFiles, step } from './stamp.mjs';

const jobs = String(availableParallelism());
const nodeGyp = inRoot('node_modules/node-gyp/bin/node-gyp.js');
const vite = inRoot('node_modules/vite/bin/vite.js');
const tsdown = inRoot('node_modules/tsdown/dist/run.mjs');

const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));

const hash = (...paths) =>
  hashOfFiles(
    filesBelow([
      ...paths.map((path) => inRoot(path)),
      join(includeFolder, 'hnswlib/hnswlib.h'),
      join(includeFolder, 'zstd/zstd.h'),
    ]),
  );

function need(target, pattern, ...folders) {
  for (const folder of folders) {
    if (filesBelow([inRoot(folder)], (path) => pattern.test(path)).length === 0) {
      throw new UserError(`Cannot build ${target}: ${folder} holds no source file.`);
    }
  }
}

export const addonPath = inRoot('build/Release/quiver.node');
const wasmFiles = ['quiver.mjs', 'quiver.wasm'].map((name) => inRoot('build/wasm', name));

export async function buildNative() {
  need('the addon', /\.cpp$/, 'src/addon', 'src/kernel', 'src/engine');
  const key = {
    version,
    sources: hash('src', 'binding.gyp', 'scripts/sources.mjs'),
    node: process.version,
    exec: process.execPath,
  };
  await step('build-native', key, [addonPath], async () => {
    say('Building the Node addon');
    const prefix = dirname(dirname(process.execPath));
    const nodedir =
      process.env.npm_config_nodedir ??
      (existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined);
    // Without headers beside Node, node-gyp downloads those of this version.
    const where = nodedir ? [`--nodedir=${nodedir}`] : [];
    await run(
      process.execPath,
      [nodeGyp, 'configure', 'build', '--release', `--jobs=${jobs}`, '--loglevel=warn', ...where],
      { quiet: true },
    );
  });
}

export async function buildWasm() {
  need('the WebAssembly module', /\.cpp$/, 'wasm', 'src/kernel', 'src/engine');
  const emscripten = findEmscripten();
  if (!emscripten)
    throw new UserError("Emscripten is not set up: run 'node scripts/bootstrap.mjs'.");
  const key = {
    version,
    sources: hash('src', 'wasm', 'CMakeLists.txt', 'CMakePresets.json'),
    emscripten: emscripten.root,
  };
  await step('build-wasm', key, wasmFiles, async () => {
    say('Building the WebAssembly module');
    await cmakeBuild('wasm', 'quiver', {
      ...emscripten.env,
      QUIVER_EMSCRIPTEN_ROOT: emscripten.root,
    });
  });
}

async function cmakeBuild(preset, target, env = {}, settings = []) {
  await run('cmake', ['--preset', preset, ...settings], { env, quiet: true });
  await run('cmake', ['--build', '--preset', preset, '--parallel', jobs, '--target', target], {
    env,
    quiet: true,
  });
}

/** The GoogleTest programs of one preset (debug, release, asan, ubsan, tsan). */
export async function buildCoreTests(preset = 'release') {
  need('the core tests', /\.cpp$/, 'test/core', 'src/base');
  const key = {
    version,
    sources: hash('src', 'test/core', 'CMakeLists.txt', 'CMakePresets.json'),
  };
  await step(
    `build-core-tests-${preset}`,
    key,
    [inRoot('build', preset, 'build.ninja')],
    async () => {
      say(`Building the core tests (${preset})`);
      await cmakeBuild(preset, 'quiver_tests');
    },
  );
}

export const budgetPath = inRoot('build/release/quiver_budget');

/** The workloads of bench/budget. */
export async function buildBudget() {
  const key = {
    version,
    sources: hash('src', 'bench/budget/workloads.cpp', 'CMakeLists.txt', 'CMakePresets.json'),
  };
  await step('build-budget', key, [budgetPath], async () => {
    say('Building the workloads of the budget');
    await cmakeBuild('release', 'quiver_budget');
  });
}

/** The fuzzers of test/fuzz, build/fuzz/test/fuzz/quiver_fuzz_<target>, and their seeds. */
export async function buildFuzzers() {
  const compiler = fuzzCompiler();
  if (!compiler)
    throw new UserError("No clang with libFuzzer was found: run 'node scripts/bootstrap.mjs'.");
  const key = {
    version,
    sources: hash('src', 'test/core/support', 'test/fuzz', 'CMakeLists.txt', 'CMakePresets.json'),
    compiler,
  };
  await step('build-fuzzers', key, [inRoot('build/fuzz/seeds/done')], async () => {
    say('Building the fuzzers');
    const { cc, cxx } = compiler;
    await cmakeBuild('fuzz', 'quiver_fuzzers', {}, [
      `-DCMAKE_C_COMPILER=${cc}`,
      `-DCMAKE_CXX_COMPILER=${cxx}`,
    ]);
  });
}

/** build/playground: the page of playground/ as static files. */
export async function buildPlayground() {
  const library = filesBelow([inRoot('dist')], (path) => /\.(mjs|wasm)$/.test(path));
  const key = { sources: hash('playground', 'package-lock.json'), library: hashOfFiles(library) };
  await step('build-playground', key, [inRoot('build/playground/index.html')], async () => {
    say('Building the playground');
    const config = inRoot('playground/vite.config.ts');
    await run(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], {
      quiet: true,
    });
  });
}

/** dist/: the bundles and types, and beside them what they load. */
export async function buildJs() {
  need('the JavaScript package', /\.ts$/, 'js');
  for (const path of [addonPath, ...wasmFiles]) {
    if (!existsSync(path))
      throw new UserError(
        `Cannot build the JavaScript package: ${path} is missing; build native and wasm first.`,
      );
  }
  const results = [
    'index.mjs',
    'index.cjs',
    'index.d.mts',
    'index.d.cts',
    'browser.mjs',
    'browser.d.mts',
    'worker.mjs',
    'cli.mjs',
    'quiver.wasm',
  ];
  const key = {
    sources: hash('js', 'tsconfig.json', 'tsdown.config.ts', 'package.json', 'package-lock.json'),
    binaries: hashOfFiles([addonPath, ...wasmFiles]),
  };
  await step(
    'build-js',
    key,
    results.map((name) => inRoot('dist', name)),
    async () => {
      say('Building the JavaScript package');
      // Chunks have their hash in the name: the old ones would stay.
      rmSync(inRoot('dist'), { recursive: true, force: true });
      await run(process.execPath, [tsdown, '--logLevel', 'warn'], { quiet: true });
      mkdirSync(inRoot('dist'), { recursive: true });
      copyFileSync(inRoot('build/wasm/quiver.wasm'), inRoot('dist/quiver.wasm'));
    },
  );
}
