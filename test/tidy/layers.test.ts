// The layers of ARCHITECTURE.md: who may include or import whom, and which file alone may see a library.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

function files(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Each folder and what its files may name beside itself; a longer name goes before a shorter one. */
const coreLayers: Record<string, readonly string[]> = {
  'src/base': [],
  'src/kernel': ['src/base'],
  'src/filter': ['src/base'],
  'src/column': ['src/base'],
  'src/store': ['src/base'],
  'src/index': ['src/base', 'src/kernel'],
  'src/quant': ['src/base', 'src/kernel'],
  'src/engine': [
    'src/base',
    'src/kernel',
    'src/filter',
    'src/column',
    'src/store',
    'src/quant',
    'src/index',
  ],
  'src/addon': ['src/quiver.h'],
  wasm: ['src/quiver.h', 'src/store/vfs.h'],
};

const scriptLayers: Record<string, readonly string[]> = {
  // Beside itself only the library, by its name.
  playground: [],
  'js/storage': ['js/errors.ts'],
  'js/wire': ['js/errors.ts', 'js/types.ts', 'js/event-loop.ts'],
  'js/archive': [
    'js/engine',
    'js/wire',
    'js/storage',
    'js/errors.ts',
    'js/open-index.ts',
    'js/options.ts',
    'js/types.ts',
  ],
  'js/worker': ['js/engine', 'js/wire', 'js/storage', 'js/errors.ts'],
  'js/cli': ['js/index.ts', 'js/json-parts.ts', 'js/nearest.ts', 'package.json'],
  'js/vectra': ['js/event-loop.ts', 'js/json-parts.ts'],
  'js/engine': ['js/storage', 'js/wire', 'js/errors.ts', 'js/event-loop.ts', 'package.json'],
};

const inside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

function offenders(
  layers: Record<string, readonly string[]>,
  ending: RegExp,
  named: (path: string) => string[],
): string[] {
  return Object.entries(layers).flatMap(([layer, below]) =>
    files(layer, ending).flatMap((path) =>
      named(path)
        .filter((target) => ![layer, ...below].some((folder) => inside(target, folder)))
        .map((target) => `${path} → ${target}`),
    ),
  );
}

/** Our own headers that a file includes, by their path from the root. */
function includes(path: string): string[] {
  return [...read(path).matchAll(/^#include "([^"]+)"/gm)].map(([, name = '']) => {
    const folder =
      path.startsWith('wasm/') && !name.includes('/') && name !== 'quiver.h' ? 'wasm' : 'src';
    return `${folder}/${name}`;
  });
}

function imports(path: string): string[] {
  return [...read(path).matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)'/gms)].map(
    ([, name = '']) => normalize(join(dirname(path), name)),
  );
}

describe('layers', () => {
  test('the core includes downwards only', () => {
    expect(offenders(coreLayers, /\.(h|cpp)$/, includes)).toEqual([]);
  });

  test('the TypeScript below the API imports downwards only', () => {
    expect(offenders(scriptLayers, /\.ts$/, imports)).toEqual([]);
  });

  test('the TypeScript modules have no cycle', () => {
    const edges = new Map(files('js', /\.ts$/).map((path) => [path, imports(path)]));
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
        return;
      }
      state.set(path, 'open');
      for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of edges.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test.each([
    ['hnswlib', /#include <hnswlib\//, ['src/index/graph/build_memory_hnswlib.cpp']],
    ['zstd', /#include <zstd\//, ['src/base/compression.cpp']],
    ['Node-API', /#include <(napi|node_api|js_native_api)[.\w]*>/, ['src/addon/napi_setup.h']],
    ['Node or libuv', /#include <(node|uv|v8)[.\w]*>/, []],
    ['Emscripten', /#include <emscripten/, ['wasm/abi.cpp']],
    ['simde', /#include <simde\//, ['src/kernel/isa/lanes_sse4.h']],
  ])('%s is included where it should be', (_, pattern, expected) => {
    const found = [...files('src', /\.(h|cpp)$/), ...files('wasm', /\.(h|cpp)$/)].filter((path) =>
      pattern.test(read(path)),
    );
    expect(found).toEqual(expected);
  });

  /** A module and all that it imports, directly or not. */
  const reachedFrom = (
    entry: string,
    instead: (path: string) => string = (path) => path,
  ): Set<string> => {
    const seen = new Set<string>();
    const reach = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const target of imports(path)) reach(instead(target));
    };
    reach(entry);
    return seen;
  };

  test.each(['js/index.ts', 'js/browser.ts', 'js/vectra/index.ts'])(
    '%s reaches nothing of the command',
    (entry) => {
      expect([...reachedFrom(entry)].filter((path) => inside(path, 'js/cli'))).toEqual([]);
    },
  );

  test.each(['js/browser.ts', 'js/worker/main.ts'])('%s reaches no Node module', (entry) => {
    const seen = reachedFrom(entry);
    const offending = [...seen].filter((path) => /from 'node:|import\('node:/.test(read(path)));
    expect(offending).toEqual([]);
  });

  test('the module is loaded by the worker, and not by the page', () => {
    expect(reachedFrom('js/worker/main.ts')).toContain('js/engine/wasm.ts');
    expect(reachedFrom('js/browser.ts')).not.toContain('js/engine/wasm.ts');
  });

  test('the browser entry of js/vectra reaches no Node module but by what its build replaces', () => {
    const seen = reachedFrom('js/vectra/browser.ts', (path) =>
      path.replace(/^(js\/vectra\/(?:host|stores))\.ts$/, '$1-browser.ts'),
    );
    const offending = [...seen].filter((path) => /from 'node:|import\('node:/.test(read(path)));
    expect(offending).toEqual([]);
    expect([...seen]).toContain('js/vectra/host-browser.ts');
    expect([...seen]).toContain('js/vectra/stores-browser.ts');
  });
});
