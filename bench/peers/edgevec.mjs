// HNSW in WebAssembly, in memory; an index keeps the ef that it was made with, so the curve has one point. Its own cosine and
// inner product answer with the farthest items (0.9.0), so for cosine vectors are normalised and compared by L2.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { unit } from '../lib/statistics.mjs';

export const packages = ['edgevec'];
export const metrics = ['l2', 'cosine'];
export const variants = { edgevec: {} };
export const fixedEf = 160;

const batch = 1000;

const prepared = (vector, metric) => (metric === 'cosine' ? unit(vector) : vector);

let edgevec;

export async function load() {
  edgevec = await import('edgevec');
  const module = readFileSync(createRequire(import.meta.url).resolve('edgevec/edgevec_bg.wasm'));
  edgevec.initSync({ module });
}

export async function build(_folder, items, { metric, dimensions, m, efConstruction }) {
  const config = new edgevec.EdgeVecConfig(dimensions);
  config.setMetricType(edgevec.MetricType.L2);
  config.m = m;
  config.m0 = 2 * m;
  config.ef_construction = efConstruction;
  config.ef_search = fixedEf;
  const index = new edgevec.EdgeVec(config);
  const rowOf = new Map();
  for (let from = 0; from < items.length; from += batch) {
    const part = items.slice(from, from + batch);
    const flat = new Float32Array(part.length * dimensions);
    for (const [i, { vector }] of part.entries())
      flat.set(prepared(vector, metric), i * dimensions);
    const ids = index.insertBatchFlat(flat, part.length);
    for (const [i, id] of ids.entries()) rowOf.set(id, from + i);
  }
  return {
    query: (vector, k) => index.search(prepared(vector, metric), k).map(({ id }) => rowOf.get(id)),
  };
}
