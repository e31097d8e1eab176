// FAISS: an HNSW graph over float32, in memory, in one file when saved. Its ef is the library's own (16): no call sets it. For
// cosine, vectors are normalised and compared by inner product, as FAISS wants it.

import { join } from 'node:path';
import { unit } from '../lib/statistics.mjs';

export const packages = ['faiss-node'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = { 'faiss-node': {} };
export const fixedEf = 16;

const batch = 1000;

let faiss;

export async function load() {
  const module = await import('faiss-node');
  faiss = module.default ?? module;
}

const prepared = (vector, metric) => [...(metric === 'cosine' ? unit(vector) : vector)];

const opened = (index, metric) => ({
  query: (vector, k) => index.search(prepared(vector, metric), k).labels,
  save: (folder) => index.write(join(folder, 'index.faiss')),
});

export async function build(_folder, items, { metric, dimensions, m }) {
  const { METRIC_L2, METRIC_INNER_PRODUCT } = faiss.MetricType;
  const kind = metric === 'l2' ? METRIC_L2 : METRIC_INNER_PRODUCT;
  const index = faiss.Index.fromFactory(dimensions, `HNSW${m},Flat`, kind);
  for (let from = 0; from < items.length; from += batch)
    index.add(items.slice(from, from + batch).flatMap(({ vector }) => prepared(vector, metric)));
  return opened(index, metric);
}

export async function open(folder, { metric }) {
  return opened(faiss.Index.read(join(folder, 'index.faiss')), metric);
}
