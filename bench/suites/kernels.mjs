// Google Benchmark's own program (bench/kernel), with its figures as a table.

import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { collect, UserError } from '../../scripts/lib/process.mjs';
import { root } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';

const program = join(root, 'build/release/quiver_kernels_bench');
if (!existsSync(program))
  throw new UserError(
    `${relative(root, program)} is not built. With google-benchmark (libbenchmark-dev) installed:\n  cmake --preset release && cmake --build --preset release --target quiver_kernels_bench`,
  );
progress('measuring distances');
const { status, output } = await collect(program, [
  '--benchmark_format=json',
  '--benchmark_min_time=0.05',
]);
if (status !== 0) throw new Error(output);
const { benchmarks } = JSON.parse(output.slice(output.indexOf('{\n')));

/** Names end in the dimension: one row for what stands before it. */
const times = new Map();
const dimensions = new Set();
for (const { name, cpu_time: time } of benchmarks) {
  const at = name.lastIndexOf('/');
  const [kernel, dimension] = [name.slice(0, at), name.slice(at + 1)];
  dimensions.add(dimension);
  if (!times.has(kernel)) times.set(kernel, new Map());
  times.get(kernel).set(dimension, time);
}
const columns = [...dimensions].sort((a, b) => a - b);

export const report = {
  sections: [
    {
      title: 'Nanoseconds of one distance, with everything in the nearest cache',
      table: {
        headings: ['kernel', ...columns],
        rows: [...times].map(([kernel, row]) => [
          kernel,
          ...columns.map((dimension) => row.get(dimension)?.toPrecision(3) ?? '–'),
        ]),
      },
    },
  ],
  figures: Object.fromEntries([...times].map(([kernel, row]) => [kernel, Object.fromEntries(row)])),
};
