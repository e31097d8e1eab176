import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/consumers/**', '**/node_modules/**'],
    // No test is about time: only one that hangs is ended.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
