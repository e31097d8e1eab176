// Each library in a process of its own that builds an index and asks; round after round over all of them, so that what else
// the machine does meets all alike. Speed is compared at equal recall, between the measured points of each curve.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { libraries } from '../lib/libraries.mjs';
import { inFreshProcess } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { bestPoints, median, qpsAtRecall } from '../lib/statistics.mjs';
import { count, megabytes, milliseconds } from '../report/text.mjs';

const efs = [10, 16, 24, 40, 64, 100, 160, 256, 400];
const targets = [0.95, 0.99];
const mostMsOfTrial = 1_800_000;

const rounds = numberOption('rounds', 3);
const data = loadData({
  rows: numberOption('size', undefined),
  dimensions: numberOption('dim', 128),
  preferred: ['sift200k'],
});
const nearest = (await data.nearest(10)).map((rows) => [...rows]);
const folder = scratch();
const saved = data.save(folder);

const all = await libraries();
const failures = all.filter(({ failure }) => failure).map(({ label, failure }) => [label, failure]);
const fitting = all.filter(({ failure, metrics }) => !failure && metrics.includes(data.metric));
for (const { label, failure, metrics } of all)
  if (!failure && !metrics.includes(data.metric)) failures.push([label, `has no ${data.metric}`]);

const trials = new Map(fitting.map(({ label }) => [label, []]));
for (let round = 0; round < rounds; round++) {
  for (const { label, peer, variant } of fitting) {
    if (!trials.has(label)) continue;
    progress(`round ${round + 1} of ${rounds}: ${label}`);
    const place = join(folder, 'index');
    mkdirSync(place);
    try {
      const request = {
        command: 'measure',
        peer,
        variant,
        data: saved,
        folder: place,
        nearest,
        efs,
      };
      trials.get(label).push(await inFreshProcess('lib/trial.mjs', request, mostMsOfTrial));
    } catch (error) {
      // Its earlier rounds do not stand for it.
      trials.delete(label);
      failures.push([label, error.message]);
    }
    rmSync(place, { recursive: true, force: true });
  }
}

/** Medians over the rounds. */
function summary(label) {
  const measured = trials.get(label);
  const middle = (value) => {
    const values = measured.map(value).filter((one) => one !== undefined);
    return values.length > 0 ? median(values) : undefined;
  };
  const points = measured[0].points.map(({ ef, asked }, i) => ({
    ef,
    asked,
    recall: middle((one) => one.points[i].recall),
    qps: middle((one) => one.points[i].qps),
    p50: middle((one) => one.points[i].p50),
    p99: middle((one) => one.points[i].p99),
  }));
  return {
    label,
    version: all.find((one) => one.label === label).version,
    itemsPerSecond: middle(({ buildSeconds }) => data.rows / buildSeconds),
    stallMs: middle(({ stallMs }) => stallMs),
    memory: middle(({ memory }) => memory),
    diskBytes: middle(({ diskBytes }) => diskBytes),
    concurrent: measured[0].concurrent && {
      ...measured[0].concurrent,
      qps: middle(({ concurrent }) => concurrent.qps),
    },
    qpsAt: Object.fromEntries(targets.map((target) => [target, qpsAtRecall(points, target)])),
    points,
    trials: measured,
  };
}

const results = [...trials.keys()].map(summary);
const bars = (label, value, text) => ({
  kind: 'bars',
  label,
  bars: results.map((one) => ({ name: one.label, value: value(one), text: text(value(one)) })),
});
const own = results.find(({ label }) => label === 'quiver');
const others = results.filter(({ label }) => !label.startsWith('quiver'));

/** Quiver beside the fastest of the others, at a recall. */
function lead(target) {
  const rivals = others.filter(({ qpsAt }) => qpsAt[target] !== undefined);
  if (own?.qpsAt[target] === undefined || rivals.length === 0) return [];
  const best = rivals.reduce((a, b) => (b.qpsAt[target] > a.qpsAt[target] ? b : a));
  return [
    {
      value: `${(own.qpsAt[target] / best.qpsAt[target]).toFixed(2)}×`,
      label: `the queries a second of ${best.label}, the fastest other, at recall ${target}`,
    },
  ];
}

export const report = {
  highlights: [
    ...targets.flatMap(lead),
    ...(own
      ? [
          { value: count(own.itemsPerSecond), label: 'items a second indexed by Quiver' },
          {
            value: `${own.stallMs.toFixed(0)} ms`,
            label: 'longest stall of the event loop meanwhile',
          },
        ]
      : []),
  ],
  sections: [
    {
      title: `Speed at equal recall: ${data.name}, ${count(data.rows)} × ${data.dimensions}, ${data.metric}, top 10`,
      note: `One caller, one query after the other. Recall against exact answers to ${count(data.queries)} queries; medians of ${rounds} rounds; points that another of the same library beats in both are left out. Up and to the right is better.`,
      chart: {
        kind: 'curve',
        xLabel: 'recall@10',
        yLabel: 'queries a second',
        series: results.map(({ label, points }) => ({
          name: label,
          points: bestPoints(points).map(({ ef, recall, qps }) => ({
            x: recall,
            y: qps,
            label: `ef ${ef}, recall ${recall.toFixed(4)}, ${count(qps)} a second`,
          })),
        })),
      },
      table: {
        headings: [
          '',
          ...targets.map((target) => `queries/s at ${target}`),
          'most recall',
          'many at once, queries/s',
          '',
          'version',
        ],
        rows: results.map(({ label, qpsAt, points, concurrent, version }) => [
          label,
          ...targets.map((target) => count(qpsAt[target])),
          Math.max(...points.map(({ recall }) => recall)).toFixed(4),
          count(concurrent?.qps),
          concurrent ? `${concurrent.how}, ef ${concurrent.ef}` : 'one after the other only',
          version,
        ]),
      },
    },
    {
      title: 'Building the index: items a second',
      note: 'With as many threads as each library takes by itself; M 16, efConstruction 200 where it has them.',
      chart: bars('items a second', ({ itemsPerSecond }) => itemsPerSecond, count),
    },
    {
      title: 'Longest stall of the event loop while building',
      chart: bars(
        'milliseconds',
        ({ stallMs }) => stallMs,
        (ms) => `${milliseconds(ms)} ms`,
      ),
    },
    {
      title: 'Memory of the process, grown by the index',
      chart: bars('bytes', ({ memory }) => Math.max(0, memory), megabytes),
    },
    {
      title: 'Bytes on disk',
      note: `The vectors alone, as float32, are ${megabytes(data.rows * data.dimensions * 4)}.`,
      chart: bars('bytes', ({ diskBytes }) => diskBytes, megabytes),
      table: {
        headings: ['', 'items/s', 'stall ms', 'memory', 'on disk'],
        rows: results.map(({ label, itemsPerSecond, stallMs, memory, diskBytes }) => [
          label,
          count(itemsPerSecond),
          milliseconds(stallMs),
          megabytes(memory),
          megabytes(diskBytes),
        ]),
      },
    },
    ...(failures.length > 0
      ? [
          {
            title: 'Not measured',
            table: { headings: ['', 'why'], rows: failures },
          },
        ]
      : []),
  ],
  figures: {
    data: data.name,
    rows: data.rows,
    dimensions: data.dimensions,
    metric: data.metric,
    rounds,
    results,
    failures: Object.fromEntries(failures),
  },
};
