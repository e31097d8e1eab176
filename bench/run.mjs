// npm run bench -- SUITE [options]: measures, prints the figures, and writes them to bench/results as JSON and as a page.

import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { bootstrap } from '../scripts/bootstrap.mjs';
import { buildAll } from '../scripts/build.mjs';
import { capture, runMain, UserError } from '../scripts/lib/process.mjs';
import { known, options, suite } from './lib/options.mjs';
import { resultsFolder, root } from './lib/paths.mjs';
import { endProgress } from './lib/progress.mjs';
import { htmlReport } from './report/html.mjs';
import { textReport } from './report/text.mjs';
import { suites } from './suites.mjs';

const busy = 0.5; // of a core in use by others when a measurement begins

function help() {
  const names = Object.entries(suites).map(
    ([name, { question, heeds }]) =>
      `  ${name.padEnd(15)} ${question}\n${' '.repeat(18)}${heeds.map((option) => `--${option}`).join(' ')}`,
  );
  const words = Object.entries(known).map(
    ([name, [what, form]]) => `  ${`--${name} ${form}`.padEnd(20)} ${what}`,
  );
  return [
    'npm run bench -- SUITE [options]',
    '',
    ...names,
    '',
    ...words,
    '  --no-build           measures what was built before',
  ].join('\n');
}

function machine() {
  return {
    cpu: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    revision: capture('git', ['describe', '--always', '--dirty']),
    load: loadavg()[0],
  };
}

function checkOptions() {
  const { heeds } = suites[suite];
  const given = Object.keys(known).filter((name) => options[name] !== undefined && name !== 'dir');
  const ignored = given.filter((name) => !heeds.includes(name));
  if (ignored.length > 0)
    throw new UserError(
      `${suite} does not heed --${ignored.join(', --')}. It heeds: ${heeds.map((name) => `--${name}`).join(', ') || 'none'}.`,
    );
  const isSynthetic = options.data === undefined || options.data === 'synthetic';
  const wrong = isSynthetic ? ['queries', 'truth'] : ['dim', 'seed'];
  const misplaced = given.filter((name) => wrong.includes(name));
  if (misplaced.length > 0)
    throw new UserError(
      `--${misplaced.join(', --')} ${isSynthetic ? 'belongs to a file of --data' : 'is of synthetic data, and --data names other'}.`,
    );
}

await runMain(async () => {
  if (suite === undefined || options.help) return console.log(help());
  if (!Object.hasOwn(suites, suite)) throw new UserError(`No suite ${suite}.\n\n${help()}`);
  checkOptions();
  if (!options['no-build']) {
    await bootstrap();
    await buildAll();
  }
  const where = machine();
  if (where.load > busy)
    console.warn(`The machine is busy (load ${where.load.toFixed(1)}): figures will suffer.`);
  const { question } = suites[suite];
  const { report } = await import(`./suites/${suite}.mjs`);
  endProgress();

  const date = new Date().toISOString();
  const { dir, ...said } = options;
  mkdirSync(resultsFolder, { recursive: true });
  const path = join(resultsFolder, `${suite}-${date.slice(0, 19).replaceAll(':', '')}`);
  const { figures, ...shown } = report;
  const record = { suite, date, machine: where, options: said, figures };
  writeFileSync(`${path}.json`, `${JSON.stringify(record, null, 2)}\n`);
  const line = [
    date.slice(0, 16).replace('T', ' '),
    where.cpu,
    where.memory,
    where.platform,
    `Node ${where.node}`,
    where.revision,
    `load ${where.load.toFixed(1)}`,
  ];
  const page = {
    ...shown,
    title: `Quiver: ${suite}`,
    question,
    machine: line.filter(Boolean).join(' · '),
  };
  writeFileSync(`${path}.html`, htmlReport(page));
  console.log(`\n${textReport(report)}\n\n${relative(root, path)}.html and .json`);
  if (report.failed) throw new UserError(report.failed);
});
