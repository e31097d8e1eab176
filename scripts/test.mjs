// npm test: sets everything up, builds it, and runs every check, one after the other; stops at the first that fails.
//   npm test -- store      only the GoogleTest and Vitest tests whose name or file has "store" in it
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { bootstrap } from './bootstrap.mjs';
import { canCount, checkBudget } from './budget.mjs';
import { buildAll } from './build.mjs';
import { fuzzBriefly } from './fuzz.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { capture, collect, runMain, say, UserError } from './lib/process.mjs';
import { filesBelow } from './lib/stamp.mjs';
import { buildCoreTests, buildPlayground } from './lib/targets.mjs';
import { lint } from './lint.mjs';

const only = process.argv.slice(2).find((word) => word !== '--');
const jobs = String(availableParallelism());

/** Runs a test program; its closing lines (those that match) on success, everything on failure. */
async function runTests(command, args, closing) {
  const { status, output } = await collect(command, args);
  if (status !== 0) {
    console.log(output);
    throw new UserError(`${[command, ...args].join(' ')} failed.`);
  }
  for (const line of output.split('\n').filter((text) => closing.test(text)))
    console.log(`    ${line.trim()}`);
}

/** CTest has no option to ignore case. */
const anyCase = (text) =>
  text
    .replace(/[^\w]/g, '\\$&')
    .replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);

/** `tests` narrows what is run of them. */
async function core(preset, tests) {
  await buildCoreTests(preset);
  const narrowed = only
    ? ['--tests-regex', anyCase(only), '--no-tests=ignore']
    : tests
      ? ['--tests-regex', tests]
      : [];
  const ctest = ['ctest', '--preset', preset, '--parallel', jobs, ...narrowed];
  // ThreadSanitizer of older compilers cannot run where the kernel spreads addresses widely.
  const fixed = preset === 'tsan' && capture('setarch', ['-R', 'true']) !== undefined;
  const [command, ...args] = fixed ? ['setarch', '-R', ...ctest] : ctest;
  await runTests(command, args, /tests passed|No tests were found|Total Test time/);
}

function vitest() {
  const program = inRoot('node_modules/vitest/vitest.mjs');
  const files = filesBelow([inRoot('test')], (path) => /\.test\.ts$/.test(path));
  const inFileName = only && files.some((path) => path.slice(root.length).includes(only));
  const narrowed = only
    ? [...(inFileName ? [only] : ['--testNamePattern', only]), '--passWithNoTests']
    : [];
  return runTests(
    process.execPath,
    [program, 'run', ...narrowed],
    /^\s*(Test Files|Tests|No test files)\b/,
  );
}

const steps = [
  { name: 'Format and lint', whole: true, run: () => lint() },
  { name: 'Core tests', run: () => core('release') },
  {
    name: 'Core tests under AddressSanitizer and UndefinedBehaviorSanitizer',
    run: () => core('asan'),
  },
  {
    name: 'Threads under ThreadSanitizer',
    run: () =>
      core(
        'tsan',
        '/(ThreadPool|Concurrency|Readers|Metrics|ResultCache|.*(VfsTest|LockTest|GraphOf))\\.',
      ),
  },
  { name: 'Fuzzers, from the same seed each time', whole: true, run: fuzzBriefly },
  {
    name: 'Performance budget: instructions of fixed workloads',
    whole: true,
    run: checkBudget,
    applies: () => canCount,
  },
  { name: 'JavaScript tests', run: vitest },
  {
    name: 'Consumers of the packed package',
    whole: true,
    run: () => runTests(process.execPath, [inRoot('test/consumers/run.mjs')], /\S/),
    applies: () => existsSync(inRoot('test/consumers/run.mjs')),
  },
];

await runMain(async () => {
  await bootstrap();
  await buildAll();
  await buildPlayground();
  for (const step of steps) {
    if ((only && step.whole) || step.applies?.() === false) continue;
    say(step.name);
    const start = performance.now();
    await step.run();
    console.log(`    done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  say(only ? `All tests that match "${only}" pass.` : 'All checks pass.');
});
