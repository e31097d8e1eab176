// Quiver itself: a folder of its own files, whichever engine runs.

import { LocalIndex, rowsOf } from '../lib/quiver.mjs';

export const packages = [];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = {
  quiver: { backend: 'native' },
  // As it comes: where queries have no ef of their own, it takes what the recall wants.
  'quiver auto': { backend: 'native', efConstruction: 'auto', ownEf: true },
  'quiver wasm': { backend: 'wasm' },
};

export const canFilter = true;

const filterOf = (range) => range && { [range.field]: { $gte: range.from, $lt: range.below } };

const opened = (index) => ({
  query: async (vector, topK, ef, range) =>
    rowsOf(await index.query({ vector, topK, ef, filter: filterOf(range) ?? null })),
  queryMany: async (vectors, topK, ef) =>
    (await index.queryMany(vectors, { topK, ef })).map(rowsOf),
  close: () => index.close(),
});

/** The addon or the module is loaded, without the cost of a first index. */
export async function load({ backend }) {
  await new LocalIndex('no such folder', { backend }).isIndexCreated();
}

export async function build(folder, items, { metric, dimensions, m, efConstruction, backend }) {
  const index = new LocalIndex(folder, {
    metric,
    dimensions,
    M: m,
    efConstruction,
    backend,
    durability: 'none',
  });
  await index.createIndex({ version: 1 });
  await index.insertItems(items, { batchSize: 1000 });
  await index.optimize();
  return opened(index);
}

export async function open(folder, { backend }) {
  const index = new LocalIndex(folder, { readOnly: true, backend });
  await index.refresh();
  return opened(index);
}
