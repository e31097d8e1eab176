// Runs the fuzzers of test/fuzz: feeds what the core parses with inputs made from sound ones, under AddressSanitizer and
// UndefinedBehaviorSanitizer, until one of them breaks a rule.
//   npm run fuzz -- [--seconds N] [target…]     N seconds for each target, 600 unless told; goes on from build/fuzz/corpus
// npm test runs a short form of it, from the same seed each time. Bootstrap first.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { inRoot } from './lib/paths.mjs';
import { collect, runMain, say, UserError } from './lib/process.mjs';
import { buildFuzzers } from './lib/targets.mjs';

const sources = inRoot('test/fuzz');
const built = inRoot('build/fuzz');
const ending = '_fuzz.cpp';

const targets = readdirSync(sources)
  .filter((name) => name.endsWith(ending))
  .map((name) => name.slice(0, -ending.length))
  .sort();

/** Inputs of the short form: so many that each target takes a few seconds. */
const briefRuns = {
  index: 1500,
  repair: 1500,
  session: 1000,
  segment: 3000,
  column: 5000,
  log: 20000,
  manifest: 40000,
  msgpack: 15000,
  filter: 40000,
  config: 40000,
};

/** Runs one target; what it found, as text, or nothing. `name` is that of the folder which gets new inputs. */
async function runTarget(target, name, limits) {
  const corpus = join(built, name, target);
  const findings = join(built, 'findings');
  for (const folder of [corpus, findings]) mkdirSync(folder, { recursive: true });
  const dictionary = join(sources, `${target}.dict`);
  const program = join(built, 'test/fuzz', `quiver_fuzz_${target}`);
  const start = performance.now();
  const { status, output } = await collect(program, [
    ...limits,
    '-max_len=65536',
    '-timeout=20',
    '-rss_limit_mb=2048',
    ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
    `-artifact_prefix=${findings}/${target}-`,
    corpus,
    ...[join(built, 'seeds', target), join(sources, 'regressions', target)].filter(existsSync),
  ]);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const last = output.match(/^#\d+\s.* cov: \d+.*$/gm)?.at(-1) ?? '';
  const [, runs, coverage] = last.match(/^#(\d+).* cov: (\d+)/) ?? [];
  const result = status === 0 ? '' : ', A FINDING';
  console.log(
    `    ${target}: ${runs ?? 0} inputs, ${coverage ?? 0} places reached, ${seconds} s${result}`,
  );
  return status === 0 ? undefined : output;
}

function report(findings) {
  if (findings.length === 0) return;
  for (const output of findings) console.log(output);
  throw new UserError(
    'The fuzzers found something; the reports above name the inputs, which a fuzzer takes as its argument.',
  );
}

/** Nearly the same inputs each time (files have random salts), some seconds for all targets. */
export async function fuzzBriefly() {
  await buildFuzzers();
  const left = Object.keys(briefRuns).filter((target) => targets.includes(target));
  if (left.length !== targets.length)
    throw new Error(`scripts/fuzz.mjs says how long to run each of: ${targets.join(', ')}.`);
  const findings = [];
  const worker = async () => {
    for (let target = left.shift(); target; target = left.shift()) {
      // From what an earlier run found it would go elsewhere.
      rmSync(join(built, 'brief', target), { recursive: true, force: true });
      const found = await runTarget(target, 'brief', ['-seed=1', `-runs=${briefRuns[target]}`]);
      if (found) findings.push(found);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  report(findings);
}

async function fuzz() {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string', default: '600' } },
    allowPositionals: true,
  });
  const seconds = Number(values.seconds);
  if (!(Number.isInteger(seconds) && seconds > 0))
    throw new UserError(`Expected a number of seconds, got ${values.seconds}.`);
  for (const target of positionals) {
    if (!targets.includes(target))
      throw new UserError(`No target ${target}. There are: ${targets.join(', ')}.`);
  }
  await buildFuzzers();
  say(`Fuzzing each target for ${seconds} s`);
  const findings = [];
  for (const target of positionals.length > 0 ? positionals : targets) {
    const found = await runTarget(target, 'corpus', [`-max_total_time=${seconds}`]);
    if (found) findings.push(found);
  }
  report(findings);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await runMain(fuzz);
