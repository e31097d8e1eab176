// Queries with a filter in each library that has them: ranges of a number that items have at random, and of one that is alike
// for items that are alike (of SIFT the photograph that a descriptor is from; else the number of the nearest of some items).
// Recall is of the exact nearest among the items that the filter takes. Where a library has an ef, the first that finds
// enough; "quiver auto" chooses its own.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder, loadData } from '../lib/data.mjs';
import { libraries } from '../lib/libraries.mjs';
import { inFreshProcess } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { randomFrom } from '../lib/statistics.mjs';
import { count, fixed } from '../report/text.mjs';

const topK = 10;
const shares = [0.9, 0.5, 0.1, 0.01, 0.001, 0.0001];
const groups = 100_000;
const efs = [40, 60, 80, 100, 150, 250, 600];
const enough = 0.98;
const mostQueries = 300;
const mostMs = 4000;
const mostMsOfTrial = 1_800_000;

const whole = loadData({
  rows: numberOption('size', 100_000),
  dimensions: numberOption('dim', 128),
  preferred: ['sift200k'],
});
const data = whole.part(whole.rows, Math.min(whole.queries, mostQueries));
const random = randomFrom(7);
const place = Array.from({ length: data.rows }, () => Math.floor(random() * groups));
const alike = data.name === 'sift200k' ? photographs() : nearestOfSome();

function photographs() {
  return [...readFileSync(join(dataFolder(), 'sift200k.image.u8')).subarray(0, data.rows)];
}

/** For each row which of 100 rows is nearest. */
function nearestOfSome() {
  const seeds = Array.from({ length: 100 }, () => Math.floor(random() * data.rows));
  return Array.from({ length: data.rows }, (_, row) => {
    const distances = seeds.map((seed) => {
      let sum = 0;
      const [a, b] = [data.vector(row), data.vector(seed)];
      for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
      return sum;
    });
    return distances.indexOf(Math.min(...distances));
  });
}

/** From the first on, as many values as take about this share of the items. */
function alikeRange(share) {
  const sizes = [];
  for (const value of alike) sizes[value] = (sizes[value] ?? 0) + 1;
  let below = 0;
  for (let taken = 0; below < sizes.length && taken < share * data.rows; below++)
    taken += sizes[below] ?? 0;
  return { field: 'alike', from: 0, below };
}

const columns = { place, alike };
const ranges = [
  { name: 'none' },
  ...shares.map((share) => ({
    name: `at random, ${share * 100}%`,
    range: { field: 'place', from: 0, below: Math.round(share * groups) },
  })),
  ...[0.5, 0.1, 0.01].map((share) => ({
    name: `alike, about ${share * 100}%`,
    range: alikeRange(share),
  })),
];
for (const one of ranges) {
  const { range } = one;
  const accept =
    range &&
    Uint8Array.from(columns[range.field], (value) =>
      value >= range.from && value < range.below ? 1 : 0,
    );
  one.taken = accept ? accept.reduce((sum, taken) => sum + taken, 0) : data.rows;
  one.nearest = (await data.nearest(topK, accept)).map((rows) => [...rows]);
}

const folder = scratch();
const saved = data.save(folder);
const results = [];
const failures = [];
for (const { label, failure, peer, variant, metrics, canFilter, version } of await libraries()) {
  if (failure || !canFilter || !metrics.includes(data.metric)) {
    failures.push([label, failure ?? (canFilter ? `has no ${data.metric}` : 'has no filters')]);
    continue;
  }
  progress(label);
  const at = join(folder, 'index');
  mkdirSync(at);
  try {
    const request = {
      command: 'filter',
      peer,
      variant,
      data: saved,
      folder: at,
      columns,
      ranges: ranges.map(({ range, nearest }) => ({ range, nearest })),
      efs,
      enough,
      mostMs,
    };
    const measured = await inFreshProcess('lib/trial.mjs', request, mostMsOfTrial);
    results.push({ label, version, measured });
  } catch (error) {
    failures.push([label, error.message]);
  }
  rmSync(at, { recursive: true, force: true });
}

export const report = {
  sections: [
    {
      title: `Filters beside other libraries: ${data.name}, ${count(data.rows)} × ${data.dimensions}, ${data.metric}, top ${topK}`,
      note: `One caller, ${count(data.queries)} queries or as many as take ${mostMs / 1000} s. Queries a second, and recall where it is below ${enough}.`,
      table: {
        headings: ['filter', 'items taken', ...results.map(({ label }) => label)],
        rows: ranges.map(({ name, taken }, i) => [
          name,
          count(taken),
          ...results.map(({ measured }) => {
            const { qps, recall } = measured[i];
            return recall >= enough ? count(qps) : `${count(qps)} (${fixed(recall, 3)})`;
          }),
        ]),
      },
    },
    ...(failures.length > 0
      ? [{ title: 'Not measured', table: { headings: ['', ''], rows: failures } }]
      : []),
  ],
  figures: {
    data: data.name,
    rows: data.rows,
    dimensions: data.dimensions,
    ranges: ranges.map(({ name, range, taken }) => ({ name, range, taken })),
    results,
  },
};
