// The clang that has libFuzzer: GCC has none, and distributions pack it apart from clang.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { capture, which } from './process.mjs';
import { filesBelow } from './stamp.mjs';

const homebrew = ['/opt/homebrew', '/usr/local'].map((prefix) => `${prefix}/opt/llvm/bin/clang`);
const runtime = /clang_rt\.fuzzer(-x86_64|-aarch64|_osx)?\.(a|lib)$/;

function hasLibFuzzer(clang) {
  const resources = capture(clang, ['-print-resource-dir']);
  return resources && filesBelow([join(resources, 'lib')], (path) => runtime.test(path)).length > 0;
}

/** The paths of its C and C++ compilers; undefined where there is none. */
export function fuzzCompiler() {
  for (const name of ['clang-19', ...homebrew.filter(existsSync), 'clang']) {
    const cc = name.startsWith('/') ? name : which(name);
    if (cc && hasLibFuzzer(cc))
      return { cc, cxx: join(dirname(cc), basename(cc).replace('clang', 'clang++')) };
  }
  return undefined;
}
