// The programs and libraries that come from the operating system: found, else installed with apt where that is
// possible without a question, else explained.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath } from './chromium.mjs';
import { fuzzCompiler } from './fuzz-compiler.mjs';
import { capture, run, say, UserError, warn, which, withRetries } from './process.mjs';
import { step } from './stamp.mjs';

const llvm19 = (name) => existsSync(join('/usr/lib/llvm-19/bin', name));
const anyHeader = (header) =>
  [
    '/usr/include',
    '/usr/local/include',
    '/opt/homebrew/include',
    process.env.GTEST_ROOT && join(process.env.GTEST_ROOT, 'include'),
  ].some((folder) => folder && existsSync(join(folder, header)));

/** `brew`/`dnf`: the same thing elsewhere; `wasm`: only for the Emscripten that we set up ourselves. */
const needs = [
  {
    apt: 'g++',
    dnf: 'gcc-c++',
    brew: undefined,
    why: 'compiles the core',
    found: () => compilerPath() !== undefined,
  },
  {
    apt: 'make',
    dnf: 'make',
    brew: undefined,
    why: 'runs node-gyp builds',
    found: () => which('make') || process.platform === 'win32',
  },
  {
    apt: 'python3',
    dnf: 'python3',
    brew: 'python',
    why: 'runs node-gyp and Emscripten',
    found: () => which('python3') || which('python'),
  },
  {
    apt: 'cmake',
    dnf: 'cmake',
    brew: 'cmake',
    why: 'builds the tests and the WebAssembly module',
    found: () => which('cmake'),
  },
  {
    apt: 'ninja-build',
    dnf: 'ninja-build',
    brew: 'ninja',
    why: 'runs CMake builds',
    found: () => which('ninja'),
  },
  {
    apt: 'libgtest-dev',
    dnf: 'gtest-devel',
    brew: 'googletest',
    why: 'C++ tests',
    found: () => anyHeader('gtest/gtest.h'),
  },
  {
    apt: 'clang-format',
    dnf: 'clang-tools-extra',
    brew: 'clang-format',
    why: 'format check',
    found: () => which('clang-format'),
  },
  {
    apt: 'clang-tidy',
    dnf: 'clang-tools-extra',
    brew: 'llvm',
    why: 'C++ lint',
    found: () => which('clang-tidy'),
  },
  {
    apt: 'clang-19',
    dnf: 'clang',
    brew: 'llvm',
    why: 'compiles the fuzzers',
    found: () => fuzzCompiler() ?? llvm19('clang'),
  },
  {
    apt: 'libclang-rt-19-dev',
    dnf: 'compiler-rt',
    brew: 'llvm',
    why: 'libFuzzer, and the sanitizers that fuzzers run with',
    found: fuzzCompiler,
  },
  {
    apt: 'valgrind',
    dnf: 'valgrind-devel',
    brew: undefined,
    why: 'counts instructions for the performance budget',
    found: () =>
      process.platform !== 'linux' ||
      process.arch !== 'x64' ||
      (which('valgrind') && anyHeader('valgrind/callgrind.h')),
  },
  {
    apt: 'chromium',
    dnf: 'chromium',
    brew: '--cask chromium',
    why: 'runs the browser tests',
    found: chromiumPath,
  },
  { apt: 'clang-19', wasm: true, why: 'compiles to WebAssembly', found: () => llvm19('clang') },
  { apt: 'lld-19', wasm: true, why: 'links WebAssembly', found: () => llvm19('wasm-ld') },
  {
    apt: 'llvm-19',
    wasm: true,
    why: 'makes WebAssembly libraries',
    found: () => llvm19('llvm-ar'),
  },
];

const compilerPath = () =>
  process.env.CXX ? which(process.env.CXX) : (which('c++') ?? which('g++') ?? which('clang++'));

/** How to run a command as root without a question: [] as root, ['sudo', '-n'] where that works, else undefined. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  return which('sudo') && capture('sudo', ['-n', 'true']) !== undefined
    ? ['sudo', '-n']
    : undefined;
}

async function aptInstall(packages) {
  const prefix = asRoot();
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'apt-get', ...args];
    return run(command, rest, { env: { DEBIAN_FRONTEND: 'noninteractive' }, quiet: true });
  };
  let updated = false;
  await withRetries('apt-get install', async () => {
    try {
      await apt('install', '-y', '--no-install-recommends', ...packages);
    } catch (error) {
      // The usual cause is an index that is missing or older than the mirror.
      if (!updated) await apt('update');
      updated = true;
      throw error;
    }
  });
}

function instructions(missing) {
  const list = (key) => [...new Set(missing.map((need) => need[key]).filter(Boolean))].join(' ');
  const lines = [
    'Missing on this system:',
    ...missing.map((need) => `  ${need.apt}: ${need.why}`),
    '',
    'Install them, then run the same command again:',
  ];
  lines.push(`  Debian, Ubuntu:  sudo apt-get install ${list('apt')}`);
  const emscripten = missing.some((need) => need.wasm)
    ? '; Emscripten 3.1.60 or later on PATH, from emsdk (https://emscripten.org)'
    : '';
  lines.push(
    `  Fedora:          ${list('dnf') ? `sudo dnf install ${list('dnf')}` : 'nothing from dnf'}${emscripten}`,
  );
  lines.push(
    `  macOS:           xcode-select --install${list('brew') ? `; brew install ${list('brew')}` : ''}${emscripten}`,
  );
  return lines.join('\n');
}

/** Finds or installs what is needed; `localEmscripten` adds what our own Emscripten folder stands on. */
export async function ensureSystemPackages({ localEmscripten }) {
  const wanted = needs.filter((need) => !need.wasm || localEmscripten);
  const missing = wanted.filter((need) => !need.found());
  if (missing.length === 0) return;
  if (process.platform !== 'linux' || !which('apt-get') || asRoot() === undefined)
    throw new UserError(instructions(missing));
  say('Installing system packages with apt-get (outside this folder):');
  for (const need of missing) console.log(`    ${need.apt}: ${need.why}`);
  await aptInstall(missing.map((need) => need.apt)).catch((error) => {
    warn(error.message);
    throw new UserError(instructions(missing));
  });
  const still = missing.filter((need) => !need.found());
  if (still.length > 0) throw new UserError(instructions(still));
}

/** Checks that the C++ compiler compiles C++20; asked again only when the compiler changes. */
export async function ensureCompiler() {
  const path = compilerPath();
  if (!path)
    throw new UserError('No C++ compiler was found (c++, g++ or clang++ on PATH, or CXX).');
  const { mtimeMs, size } = statSync(path);
  await step('compiler', { path, mtimeMs, size }, [], async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quiver-'));
    try {
      mkdirSync(folder, { recursive: true });
      const source = join(folder, 'probe.cpp');
      writeFileSync(
        source,
        '#include <concepts>\n#include <span>\ntemplate <std::integral T> T f(std::span<const T> s) { return s[0]; }\nint main() { int a[1]{}; return f<int>(a); }\n',
      );
      await run(path, ['-std=c++20', '-fsyntax-only', source], { quiet: true }).catch((error) => {
        throw new UserError(
          `${path} does not compile C++20 (GCC 12 or clang 14 and later do).\n${error.message}`,
        );
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
