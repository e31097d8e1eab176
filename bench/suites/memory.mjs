// What a process holds after each stage of an index's life, in JavaScript, in all, and as the index itself counts; and bytes an item in
// memory and on disk. Each engine in fresh processes, in turn; medians.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadData } from '../lib/data.mjs';
import { inFreshProcess } from '../lib/measure.mjs';
import { numberOption } from '../lib/options.mjs';
import { scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { median } from '../lib/statistics.mjs';
import { count, megabytes } from '../report/text.mjs';

const rounds = numberOption('rounds', 3);
const backends = ['native', 'wasm'];
const data = loadData({
  rows: numberOption('size', 100_000),
  dimensions: numberOption('dim', 128),
});
const folder = scratch();
const saved = data.save(folder);

const measured = Object.fromEntries(backends.map((backend) => [backend, []]));
for (let round = 0; round < rounds; round++) {
  for (const backend of backends) {
    progress(`round ${round + 1} of ${rounds}: ${backend}`);
    const place = join(folder, 'index');
    mkdirSync(place);
    const request = {
      folder: place,
      data: saved,
      rows: data.rows,
      backend,
      queries: data.queries,
    };
    const made = await inFreshProcess('lib/stages.mjs', { ...request, command: 'make' });
    const [, ...opened] = await inFreshProcess('lib/stages.mjs', { ...request, command: 'open' });
    measured[backend].push([...made, ...opened]);
    rmSync(place, { recursive: true });
  }
}

/** For each stage the median of each figure. */
const stagesOf = (backend) =>
  measured[backend][0].map((stage, i) => {
    const middle = (value) => median(measured[backend].map((stages) => value(stages[i])));
    const numbers = ['grown', 'heapUsed', 'external', 'arrayBuffers', 'resident', 'own', 'disk'];
    return {
      name: stage.name,
      ...Object.fromEntries(
        numbers
          .filter((field) => stage[field] !== undefined)
          .map((field) => [field, middle((one) => one[field])]),
      ),
      index:
        stage.index &&
        Object.fromEntries(
          Object.keys(stage.index).map((field) => [field, middle((one) => one.index[field])]),
        ),
    };
  });

const results = Object.fromEntries(backends.map((backend) => [backend, stagesOf(backend)]));
const anItem = (bytes) => (bytes / data.rows).toFixed(0);

export const report = {
  sections: backends.map((backend) => {
    const stages = results[backend];
    const last = stages.at(-1);
    return {
      title: `${backend}: ${data.name}, ${count(data.rows)} × ${data.dimensions}`,
      note:
        `Bars: memory of the process. An item takes ${anItem(last.disk)} bytes on disk, and ${anItem(last.grown)} in memory ` +
        `of a process that opens it and asks ${count(data.queries)} queries (beyond the package itself); its vector alone is ${data.dimensions * 4}.`,
      chart: {
        kind: 'bars',
        label: 'bytes of memory',
        bars: stages.map(({ name, resident }) => ({
          name,
          value: resident,
          text: megabytes(resident),
        })),
      },
      table: {
        headings: [
          'after',
          'resident',
          'without mapped files',
          'JS heap',
          'external',
          'index: head',
          'index: segments',
          'on disk',
          'an item',
        ],
        rows: stages.map((stage) => [
          stage.name,
          megabytes(stage.resident),
          megabytes(stage.own),
          megabytes(stage.heapUsed),
          megabytes(stage.external),
          megabytes(stage.index?.head),
          megabytes(stage.index?.segments),
          megabytes(stage.disk),
          anItem(Math.max(0, stage.grown)),
        ]),
      },
    };
  }),
  figures: { data: data.name, rows: data.rows, dimensions: data.dimensions, rounds, results },
};
