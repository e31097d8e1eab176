// One JSON file; compares with every item. Cosine only.

import { LocalIndex } from 'vectra';

export const metrics = ['cosine'];

export async function buildIndex(folder, { items }) {
  const index = new LocalIndex(folder);
  await index.createIndex({ version: 1 });
  await index.batchInsertItems(items.map((item) => ({ ...item, vector: [...item.vector] })));
}

export async function openIndex(folder) {
  const index = new LocalIndex(folder);
  await index.getIndexStats();
  return { query: async (vector) => (await index.queryItems([...vector], '', 10)).length };
}
