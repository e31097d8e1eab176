// Emscripten: emcc from PATH when it is new enough, else Debian 13's in .toolchain/emscripten, which also runs on
// Debian 12: its Python part needs nothing special, and binaryen's programs start through the C library of their own
// release, unpacked beside them. clang, lld and llvm 19 are system packages (system-packages.mjs).
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { debianArchitecture, poolAvailable, unpackDeb } from './debian-pool.mjs';
import { inRoot, root, toolchain } from './paths.mjs';
import { capture, run, say, UserError, warn, which } from './process.mjs';
import { isFresh, markFresh, step } from './stamp.mjs';

const minimum = [3, 1, 60];
const local = join(toolchain, 'emscripten');
const localRoot = join(local, 'usr', 'share', 'emscripten');
const localConfig = join(local, 'config.py');

const debs = [
  {
    name: 'emscripten',
    version: '3.1.69+dfsg-3',
    sha256: 'd2ac788b952c56ab6736b4db2ac0825aa63cfb4c08b8abaefe19e324779d1b2d',
  },
  {
    name: 'binaryen',
    version: '120-4',
    sha256: { amd64: '47be56009e56170f4338a0154fbff2028bd607bc3c8b6a5414658a985bef6470' },
  },
  // What binaryen's programs are linked with. Any revision of the release serves.
  { name: 'libc6' },
  { name: 'libstdc++6' },
  { name: 'libgcc-s1' },
];

const loaders = {
  amd64: { loader: 'usr/lib64/ld-linux-x86-64.so.2', libraries: 'usr/lib/x86_64-linux-gnu' },
  arm64: { loader: 'usr/lib/ld-linux-aarch64.so.1', libraries: 'usr/lib/aarch64-linux-gnu' },
};

const atLeast = (version) => {
  for (let i = 0; i < minimum.length; i++) {
    if (version[i] !== minimum[i]) return version[i] > minimum[i];
  }
  return true;
};

/** emcc on PATH if it is new enough. Asking takes a moment, so the answer is kept until the file changes. */
function onPath() {
  const path = which('emcc');
  if (!path) return undefined;
  const real = realpathSync(path);
  const { mtimeMs, size } = statSync(real);
  const id = { real, mtimeMs, size };
  const answer = (good) => ({ ...id, good });
  if (isFresh('emcc-on-path', answer(false))) return undefined;
  if (!isFresh('emcc-on-path', answer(true))) {
    const version = capture(path, ['-dumpversion'])
      ?.match(/(\d+)\.(\d+)\.(\d+)/)
      ?.slice(1)
      .map(Number);
    const good = version !== undefined && atLeast(version);
    if (!good)
      warn(
        `${path} is ${version?.join('.') ?? 'not working'}; ${minimum.join('.')} or later is needed, so our own is used.`,
      );
    markFresh('emcc-on-path', answer(good));
    if (!good) return undefined;
  }
  const folder = [dirname(real), join(dirname(dirname(real)), 'libexec')].find((path) =>
    existsSync(join(path, 'cmake/Modules/Platform/Emscripten.cmake')),
  );
  return folder && { root: folder, env: {} };
}

const canSetUp = () => poolAvailable() && loaders[debianArchitecture()] !== undefined;

/** Whether builds use the folder that ensureEmscripten() makes, which needs system packages. */
export const usesLocalEmscripten = () =>
  onPath() === undefined && (existsSync(localConfig) || canSetUp());

/** Where Emscripten is and the environment it needs; undefined before ensureEmscripten(). */
export function findEmscripten() {
  return (
    onPath() ??
    (existsSync(localConfig) ? { root: localRoot, env: { EM_CONFIG: localConfig } } : undefined)
  );
}

/** One wrapper a program of binaryen, which starts it through the loader and libraries of its own release. */
function writeWrappers(from) {
  const { loader, libraries } = loaders[debianArchitecture()];
  const bin = join(from, 'binaryen', 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of readdirSync(join(from, 'usr/bin')).filter((program) =>
    /^(wasm[-\d]|binaryen)/.test(program),
  )) {
    const wrapper = join(bin, name);
    writeFileSync(
      wrapper,
      `#!/bin/sh\nd=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)\nexec "$d/${loader}" --library-path "$d/${libraries}" "$d/usr/bin/${name}" "$@"\n`,
    );
    chmodSync(wrapper, 0o755);
  }
}

/** Two thirds of the package are system libraries in variants that our flags never choose. */
function dropUnusedLibraries() {
  const folder = join(localRoot, 'cache/sysroot/lib/wasm32-emscripten');
  for (const name of readdirSync(folder)) {
    if (/^(lto|pic)$|^lib(wasmfs|sanitizer|[al]san)/.test(name))
      rmSync(join(folder, name), { recursive: true });
  }
}

function writeConfig() {
  const text = (value) => JSON.stringify(value);
  writeFileSync(
    localConfig,
    [
      "LLVM_ROOT = '/usr/lib/llvm-19/bin'",
      `BINARYEN_ROOT = ${text(join(local, 'binaryen'))}`,
      `NODE_JS = ${text(process.execPath)}`,
      // The package carries every system library, built; it must not try to build them here.
      'FROZEN_CACHE = True',
      "LLVM_ADD_VERSION = ''",
      "CLANG_ADD_VERSION = ''",
      '',
    ].join('\n'),
  );
}

// These take the program through every tool: clang, wasm-ld, binaryen, and the JavaScript optimiser (memory above 2 GB).
const probeFlags = [
  '-O3',
  '-msimd128',
  '-fwasm-exceptions',
  '-sALLOW_MEMORY_GROWTH',
  '-sMAXIMUM_MEMORY=4GB',
];

async function checkThatItWorks() {
  const scratch = mkdtempSync(join(toolchain, 'tmp-'));
  try {
    const source = join(scratch, 'probe.cpp');
    writeFileSync(
      source,
      '#include <wasm_simd128.h>\n#include <stdio.h>\nint main() {\n  try {\n    throw 20;\n  } catch (int n) {\n' +
        '    printf("%d\\n", n + wasm_i32x4_extract_lane(wasm_i32x4_splat(22), 0));\n  }\n}\n',
    );
    const output = join(scratch, 'probe.mjs');
    await run(join(localRoot, 'em++'), [...probeFlags, source, '-o', output], {
      env: { EM_CONFIG: localConfig },
      quiet: true,
    });
    // An .mjs output is a module whose default export starts the program.
    const start = `import(${JSON.stringify(pathToFileURL(output).href)}).then((module) => module.default())`;
    const printed = capture(process.execPath, ['--eval', start]);
    if (printed !== '42')
      throw new UserError(
        `The Emscripten in ${local} built a program that printed ${printed} instead of 42.`,
      );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export async function ensureEmscripten() {
  if (onPath()) return;
  // The configuration names this folder and this Node, so both are part of the key.
  const key = { recipe: 4, debs, root, node: process.execPath };
  await step(
    'emscripten',
    key,
    [join(localRoot, 'em++'), localConfig, join(local, 'binaryen/bin/wasm-opt')],
    async () => {
      if (!canSetUp()) {
        throw new UserError(
          'Emscripten 3.1.60 or later is needed and is not on PATH. Install emsdk (https://emscripten.org/docs/getting_started), ' +
            'run "emsdk install 3.1.69" and "emsdk activate 3.1.69", put emcc on PATH, then run the same command again.',
        );
      }
      say('Setting up Emscripten 3.1.69 in .toolchain/emscripten (about 800 MB)');
      rmSync(local, { recursive: true, force: true });
      for (const deb of debs) await unpackDeb(deb, local);
      dropUnusedLibraries();
      writeWrappers(local);
      // Emscripten's optimiser imports acorn; Debian ships that as a package of its own, npm has it too.
      mkdirSync(join(localRoot, 'node_modules'), { recursive: true });
      cpSync(inRoot('node_modules/acorn'), join(localRoot, 'node_modules/acorn'), {
        recursive: true,
      });
      // Its .js files are CommonJS; without this they would inherit "type": "module" from our package.json.
      writeFileSync(join(local, 'package.json'), '{ "type": "commonjs" }\n');
      writeConfig();
      await checkThatItWorks();
    },
  );
}
