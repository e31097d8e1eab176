// The data sets that the benchmarks measure on. They are too large for the repository: --data names their folder
// (default ../shared/data). Each file's last 1,000 rows are queries; ground truth is the 100 nearest rows of each.

import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const options = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    rows: { type: 'string' },
    items: { type: 'string' },
    minutes: { type: 'string' },
    backend: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'string' },
  },
}).values;

const queryRows = 1000;

function read(name) {
  const path = join(resolve(options.data), name);
  if (!existsSync(path))
    throw new Error(`${path} is missing: name the folder of the data sets with --data`);
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  return exponent === 0
    ? sign * mantissa * 2 ** -24
    : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function dataSet(name, metric, dimensions, all, truth) {
  const rows = all.length / dimensions - queryRows;
  const vector = (row) => all.subarray(row * dimensions, (row + 1) * dimensions);
  return {
    name,
    metric,
    dimensions,
    rows,
    queries: queryRows,
    vector,
    query: (i) => vector(rows + i),
    nearest: (i, k) => truth.subarray(i * 100, i * 100 + k),
    items: (count = rows) =>
      Array.from({ length: count }, (_, row) => ({
        id: String(row),
        vector: vector(row),
        metadata: { row },
      })),
  };
}

export function sift() {
  const all = Float32Array.from(new Uint8Array(read('sift200k.u8bin')));
  return dataSet('sift200k', 'l2', 128, all, new Int32Array(read('sift200k.gt.i32bin')));
}

export function wordnet() {
  const all = Float32Array.from(new Uint16Array(read('wordnet30k.f16bin')), fromHalf);
  return dataSet('wordnet30k', 'cosine', 384, all, new Int32Array(read('wordnet30k.gt.i32bin')));
}

/** What WordNet says of each of its rows, as metadata; the id is in `id`. */
export function wordnetTexts() {
  const lines = Buffer.from(read('wordnet30k.jsonl')).toString('utf8').trimEnd().split('\n');
  return lines.slice(0, lines.length - queryRows).map((line) => JSON.parse(line));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
