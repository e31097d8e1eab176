// The performance budget: callgrind counts the instructions of small fixed workloads (bench/budget/workloads.cpp), which is the
// same on a busy machine, and a count more than 5% above the recorded one is a failure that names the function at fault.
//   npm run budget                checks
//   npm run budget -- --update    records what is counted now, for this compiler
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compareCounts, problems, readCounts, toRecord } from '../bench/budget/counts.mjs';
import { inRoot } from './lib/paths.mjs';
import { collect, runMain, UserError, warn, which } from './lib/process.mjs';
import { budgetPath, buildBudget } from './lib/targets.mjs';

const recordsPath = inRoot('bench/budget/budget.json');

/** The counts are those of x86-64 code; callgrind is at home on Linux. */
export const canCount = process.platform === 'linux' && process.arch === 'x64';

/** What every machine that can count has: valgrind knows no AVX-512. */
const env = { QUIVER_SIMD: 'avx2' };

async function output(command, args) {
  const { status, output: text } = await collect(command, args, { env });
  if (status !== 0) throw new UserError(`${[command, ...args].join(' ')} failed.\n${text}`);
  return text;
}

async function countWorkload(workload, folder) {
  // Its own folder: what a workload writes is no other one's to read.
  const place = join(folder, workload);
  mkdirSync(place);
  await output(budgetPath, ['--prepare', place]);
  const file = join(folder, `${workload}.callgrind`);
  await output('valgrind', [
    '--tool=callgrind',
    '--instr-atstart=no',
    `--callgrind-out-file=${file}`,
    budgetPath,
    workload,
    place,
  ]);
  const counts = readCounts(readFileSync(file, 'utf8'));
  if (counts.total === 0) throw new UserError(`callgrind counted nothing for ${workload}.`);
  return counts;
}

/** The counts of every workload, by name. */
async function countAll() {
  const workloads = (await output(budgetPath, ['--list'])).trim().split('\n');
  const folder = mkdtempSync(join(tmpdir(), 'quiver-budget-'));
  try {
    const counts = {};
    const left = [...workloads];
    const worker = async () => {
      for (let workload = left.shift(); workload; workload = left.shift())
        counts[workload] = await countWorkload(workload, folder);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    return Object.fromEntries(workloads.map((workload) => [workload, counts[workload]]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const readRecords = () => JSON.parse(readFileSync(recordsPath, 'utf8'));

function show(comparisons) {
  for (const { workload, total, ratio } of comparisons) {
    const change = ratio === undefined ? '' : `  ${((ratio - 1) * 100).toFixed(2).padStart(7)}%`;
    console.log(`    ${workload.padEnd(16)}${total.toLocaleString('en-US').padStart(16)}${change}`);
  }
}

async function count() {
  if (!canCount) throw new UserError('Instructions are counted on Linux x64 alone.');
  if (!which('valgrind'))
    throw new UserError('valgrind is not installed: npm run bootstrap installs it, or says how.');
  await buildBudget();
  return { compiler: (await output(budgetPath, ['--compiler'])).trim(), counts: await countAll() };
}

/** Rejects when a workload takes more than its budget. */
export async function checkBudget() {
  const { compiler, counts } = await count();
  const records = readRecords();
  const recorded = records[compiler];
  const comparisons = compareCounts(recorded ?? {}, counts);
  show(comparisons);
  if (recorded === undefined) {
    warn(
      `Counts depend on the compiler: there are none of ${compiler} to compare with, only of ${Object.keys(records).join(', ')}. npm run budget -- --update records them.`,
    );
    return;
  }
  const found = problems(recorded, comparisons);
  if (found.length > 0)
    throw new UserError(
      `${found.join('\n')}\nWhere that is right: npm run budget -- --update, with the reason in the commit.`,
    );
}

async function updateBudget() {
  const { compiler, counts } = await count();
  const records = readRecords();
  show(compareCounts(records[compiler] ?? {}, counts));
  records[compiler] = Object.fromEntries(
    Object.entries(counts).map(([workload, run]) => [workload, toRecord(run)]),
  );
  writeFileSync(recordsPath, `${JSON.stringify(records, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  await runMain(process.argv.includes('--update') ? updateBudget : checkBudget);
