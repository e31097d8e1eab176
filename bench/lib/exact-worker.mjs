// A part of an exact search (exact.mjs). For each query the nearest rows so far are a heap with the farthest on top.

import { parentPort, workerData } from 'node:worker_threads';

const { base, queries, dimensions, metric, depth, accept, from } = workerData;
const rows = base.length / dimensions;
const count = queries.length / dimensions;
const block = Math.max(16, Math.floor(65_536 / dimensions)); // rows that stay in the cache for all queries

const distances = new Float64Array(count * depth);
const found = new Int32Array(count * depth);
const counts = new Int32Array(count);

const isFarther = (a, b) =>
  distances[a] > distances[b] || (distances[a] === distances[b] && found[a] > found[b]);

function swap(a, b) {
  const distance = distances[a];
  const row = found[a];
  distances[a] = distances[b];
  found[a] = found[b];
  distances[b] = distance;
  found[b] = row;
}

function sink(start, size) {
  for (let i = 0; ; ) {
    let child = 2 * i + 1;
    if (child >= size) return;
    if (child + 1 < size && isFarther(start + child + 1, start + child)) child++;
    if (!isFarther(start + child, start + i)) return;
    swap(start + i, start + child);
    i = child;
  }
}

function offer(query, distance, row) {
  const start = query * depth;
  const size = counts[query];
  if (size === depth) {
    if (distance >= distances[start]) return; // rows come in order, so the earlier one of two equal ones stays
    distances[start] = distance;
    found[start] = row;
    sink(start, depth);
    return;
  }
  distances[start + size] = distance;
  found[start + size] = row;
  counts[query]++;
  for (let i = size; i > 0; ) {
    const parent = (i - 1) >> 1;
    if (!isFarther(start + i, start + parent)) break;
    swap(start + i, start + parent);
    i = parent;
  }
}

function product(a, from, b, other) {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) sum += a[from + d] * b[other + d];
  return sum;
}

function squaredDistance(a, from, b, other) {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) {
    const difference = a[from + d] - b[other + d];
    sum += difference * difference;
  }
  return sum;
}

if (metric === 'cosine') {
  for (let row = 0; row < rows; row++) {
    const start = row * dimensions;
    const length = Math.sqrt(product(base, start, base, start));
    if (length > 0) for (let d = 0; d < dimensions; d++) base[start + d] /= length;
  }
}
/** Smaller is nearer. A query's own length changes no order. */
const distanceOf =
  metric === 'l2' ? squaredDistance : (a, row, b, query) => -product(a, row, b, query);

for (let first = 0; first < rows; first += block) {
  const last = Math.min(rows, first + block);
  for (let query = 0; query < count; query++) {
    for (let row = first; row < last; row++) {
      if (accept && accept[row] === 0) continue;
      offer(query, distanceOf(base, row * dimensions, queries, query * dimensions), from + row);
    }
  }
  parentPort.postMessage({ rows: last - first });
}
parentPort.postMessage({ distances, found, counts });
