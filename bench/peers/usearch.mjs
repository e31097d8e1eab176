// Vectors and graph in memory, in one file when saved, which can be viewed in place; all cores build; no metadata.

import { join } from 'node:path';

export const packages = ['usearch'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = {
  'usearch f32': { quantization: 'f32' },
  'usearch bf16': { quantization: 'bf16' },
  'usearch i8': { quantization: 'i8' },
};

let usearch;

export async function load() {
  ({ default: usearch } = await import('usearch'));
}

const names = { l2: 'l2sq', cosine: 'cos', ip: 'ip' };

const create = ({ metric, dimensions, m, efConstruction, quantization }, ef = 0) =>
  new usearch.Index({
    metric: names[metric],
    dimensions,
    quantization,
    connectivity: m,
    expansion_add: efConstruction,
    expansion_search: ef,
    multi: false,
  });

const fileIn = (folder) => join(folder, 'index.usearch');

/** `saved`: how the index is read again once it is in its file. */
function opened(built, settings, folder, saved) {
  let index = built;
  let current = 0;
  let read = saved;
  const save = () => {
    index.save(fileIn(folder));
    read = 'load';
  };
  /** An index keeps the ef that it was made with, so for another one it is read again. */
  const setEf = (ef) => {
    if (ef === current) return;
    if (!read) save();
    index = create(settings, ef);
    index[read](fileIn(folder));
    current = ef;
  };
  return {
    query: (vector, k, ef) => {
      setEf(ef);
      return Array.from(index.search(vector, k, 1).keys, Number);
    },
    queryMany: (vectors, k, ef) => {
      setEf(ef);
      const matches = index.search(vectors, k, 0);
      return vectors.map((_, i) => Array.from(matches.get(i).keys, Number));
    },
    save,
  };
}

export async function build(folder, items, settings) {
  const index = create(settings);
  const keys = BigUint64Array.from(items, (_, row) => BigInt(row));
  index.add(
    keys,
    items.map(({ vector }) => vector),
    0,
  );
  return opened(index, settings, folder);
}

export async function open(folder, settings) {
  const index = create(settings);
  index.view(fileIn(folder));
  return opened(index, settings, folder, 'view');
}
