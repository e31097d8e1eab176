import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArguments, chromiumPath } from './scripts/lib/chromium.mjs';

const inBrowsers = 'test/browser/**/*.test.ts';
const executablePath = chromiumPath();

/** The worker's program as TypeScript: the package has it bundled, beside what starts it. */
const workerSource = {
  name: 'worker-source',
  enforce: 'pre' as const,
  transform: (code: string, id: string) =>
    id.endsWith('/js/worker/start.ts') ? code.replace('./worker.mjs', './main.ts') : undefined,
};

/** The tests of test/browser in Chromium, on pages that may share memory among threads or not. */
const browser = (name: string, headers: Record<string, string>): object => ({
  extends: true,
  plugins: [workerSource],
  worker: { format: 'es' },
  server: { headers },
  // As in the build for browsers.
  resolve: {
    alias: [{ find: /^(\.{1,2})\/(host|stores)\.ts$/, replacement: '$1/$2-browser.ts' }],
  },
  test: {
    name,
    include: [inBrowsers],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          args: chromiumArguments,
          ...(executablePath === undefined ? {} : { executablePath }),
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});

export default defineConfig({
  test: {
    // No test is about time: only one that hangs is ended.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/consumers/**', inBrowsers, '**/node_modules/**'],
        },
      },
      browser('chromium', {}),
      browser('chromium, isolated', {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      }),
    ],
  },
});
