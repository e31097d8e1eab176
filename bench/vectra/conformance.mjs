// node bench/vectra/conformance.mjs [module of Vectra]
// Runs test/vectra/conformance.test.ts against Vectra itself: each case passes there too, or is one of its named failures.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [module = 'vectra'] = process.argv.slice(2);
const { status } = spawnSync('npx', ['vitest', 'run', 'test/vectra/conformance.test.ts'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    QUIVER_CONFORMANCE_MODULE: createRequire(import.meta.url).resolve(module),
  },
});
process.exitCode = status ?? 1;
