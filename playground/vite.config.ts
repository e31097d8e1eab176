import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { offline } from './offline.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: path('.'),
  // Works below any path of any static server.
  base: './',
  publicDir: false,
  resolve: { alias: { quiverdb: path('../dist/browser.mjs') } },
  server: {
    host: '127.0.0.1',
    fs: { allow: [path('..')] },
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  build: {
    outDir: path('../build/playground'),
    emptyOutDir: true,
    // Those that have light-dark(), so that no colour stands twice.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // The page's policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
  worker: { format: 'es' },
  plugins: [offline()],
});
