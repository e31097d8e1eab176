// Quiver as bench/fresh.mjs drives it. The others are in bench/peers.

import { LocalIndex } from 'quiverdb';

/** Without the cost of the first index: the addon is loaded. */
export async function loadLibrary() {
  await new LocalIndex('no such folder').isIndexCreated();
}

export async function buildIndex(folder, { metric, dimensions, items }) {
  const index = new LocalIndex(folder, { metric, dimensions, durability: 'none' });
  await index.createIndex({ version: 1 });
  await index.insertItems(items, { batchSize: 1000 });
  await index.optimize();
  await index.close();
}

export async function openIndex(folder) {
  const index = new LocalIndex(folder, { readOnly: true });
  await index.refresh();
  return {
    query: async (vector) => (await index.query({ vector, topK: 10 })).length,
    close: () => index.close(),
  };
}
