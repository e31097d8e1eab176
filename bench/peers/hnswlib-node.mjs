// Vectors and graph in memory, in one file when saved; one thread; no ids of text, no metadata.

import { join } from 'node:path';

export const packages = ['hnswlib-node'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = { 'hnswlib-node': {} };
export const canFilter = true; // by a function of the label

let hnswlib;

export async function load() {
  ({ default: hnswlib } = await import('hnswlib-node'));
}

const opened = (index, columns = {}) => {
  let current;
  const filterOf = ({ field, from, below }) => {
    const column = columns[field];
    return (label) => column[label] >= from && column[label] < below;
  };
  return {
    query: (vector, k, ef, range) => {
      if (ef !== current) index.setEf(ef);
      current = ef;
      return index.searchKnn([...vector], k, range && filterOf(range)).neighbors;
    },
    save: (folder) => index.writeIndexSync(join(folder, 'index.bin')),
  };
};

export async function build(_folder, items, settings) {
  const { metric, dimensions, m, efConstruction, fields = [] } = settings;
  const index = new hnswlib.HierarchicalNSW(metric, dimensions);
  index.initIndex(items.length, m, efConstruction);
  for (const [row, { vector }] of items.entries()) index.addPoint([...vector], row);
  const columns = fields.map((field) => [field, items.map(({ metadata }) => metadata[field])]);
  return opened(index, Object.fromEntries(columns));
}

export async function open(folder, { metric, dimensions }) {
  const index = new hnswlib.HierarchicalNSW(metric, dimensions);
  index.readIndexSync(join(folder, 'index.bin'));
  return opened(index);
}
