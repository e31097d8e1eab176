// Vectors and graph in one file, which is read whole; no ids of text, no metadata.

import { join } from 'node:path';
import hnswlib from 'hnswlib-node';

export const metrics = ['l2', 'cosine'];

const file = (folder) => join(folder, 'index.bin');

export async function buildIndex(folder, { metric, dimensions, items }) {
  const index = new hnswlib.HierarchicalNSW(metric, dimensions);
  index.initIndex(items.length, 16, 200);
  for (const [row, { vector }] of items.entries()) index.addPoint([...vector], row);
  index.writeIndexSync(file(folder));
}

export async function openIndex(folder, { metric, dimensions }) {
  const index = new hnswlib.HierarchicalNSW(metric, dimensions);
  index.readIndexSync(file(folder));
  index.setEf(160);
  return { query: async (vector) => index.searchKnn([...vector], 10).neighbors.length };
}
