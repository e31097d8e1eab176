import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsdown';

const common = {
  outDir: 'dist',
  clean: false,
  dts: true,
  sourcemap: false,
  target: 'node20',
  // For Symbol.asyncDispose, which projects with `lib: ["es2022", "dom"]` do not know.
  banner: { dts: '/// <reference lib="esnext.disposable" />' },
} as const;

// CommonJS gets a stand-in for import.meta.url, by which the package finds its binaries.
export default defineConfig([
  {
    ...common,
    entry: { index: 'js/index.ts' },
    format: ['esm', 'cjs'],
    platform: 'node',
    shims: true,
  },
  {
    ...common,
    entry: { browser: 'js/browser.ts' },
    format: ['esm'],
    platform: 'browser',
    target: 'es2022',
    outExtensions: () => ({ js: '.mjs', dts: '.d.mts' }),
  },
  {
    ...common,
    // One file, which nothing imports: pages start it, and a Content-Security-Policy may name it.
    entry: { worker: 'js/worker/main.ts' },
    format: ['esm'],
    platform: 'browser',
    target: 'es2022',
    dts: false,
    outExtensions: () => ({ js: '.mjs' }),
    minify: true,
    outputOptions: { inlineDynamicImports: true },
  },
  {
    ...common,
    entry: { vectra: 'js/vectra/index.ts' },
    format: ['esm', 'cjs'],
    platform: 'node',
    shims: true,
  },
  {
    ...common,
    entry: { 'vectra-browser': 'js/vectra/browser.ts' },
    format: ['esm'],
    platform: 'browser',
    target: 'es2022',
    outExtensions: () => ({ js: '.mjs', dts: '.d.mts' }),
    plugins: [
      {
        name: 'what-browsers-have',
        resolveId(source: string) {
          const name = /^\.{1,2}\/(host|stores)\.ts$/.exec(source)?.[1];
          return name && fileURLToPath(new URL(`js/vectra/${name}-browser.ts`, import.meta.url));
        },
      },
    ],
  },
  {
    ...common,
    entry: { cli: 'js/cli/main.ts' },
    format: ['esm'],
    platform: 'node',
    dts: false,
    // The command uses the library that stands beside it instead of having another copy.
    plugins: [
      {
        name: 'library-beside',
        resolveId: (source: string) =>
          /^(\.\.\/)+index\.ts$/.test(source) ? { id: './index.mjs', external: true } : undefined,
      },
    ],
  },
]);
