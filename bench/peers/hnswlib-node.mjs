// Vectors and graph in memory, in one file when saved; one thread; no ids of text, no metadata.

import { join } from 'node:path';

export const packages = ['hnswlib-node'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = { 'hnswlib-node': {} };

let hnswlib;

export async function load() {
  ({ default: hnswlib } = await import('hnswlib-node'));
}

const opened = (index) => {
  let current;
  return {
    query: (vector, k, ef) => {
      if (ef !== current) index.setEf(ef);
      current = ef;
      return index.searchKnn([...vector], k).neighbors;
    },
    save: (folder) => index.writeIndexSync(join(folder, 'index.bin')),
  };
};

export async function build(_folder, items, { metric, dimensions, m, efConstruction }) {
  const index = new hnswlib.HierarchicalNSW(metric, dimensions);
  index.initIndex(items.length, m, efConstruction);
  for (const [row, { vector }] of items.entries()) index.addPoint([...vector], row);
  return opened(index);
}

export async function open(folder, { metric, dimensions }) {
  const index = new hnswlib.HierarchicalNSW(metric, dimensions);
  index.readIndexSync(join(folder, 'index.bin'));
  return opened(index);
}
