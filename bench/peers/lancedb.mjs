// A table of Lance with an HNSW graph per partition over 8-bit codes, beside the float32 vectors.

import { connect, Index } from '@lancedb/lancedb';

export const metrics = ['l2', 'cosine'];

export async function buildIndex(folder, { metric, items }) {
  const db = await connect(folder);
  const rows = items.map(({ id, vector, metadata }) => ({
    id,
    vector: [...vector],
    metadata: JSON.stringify(metadata),
  }));
  const table = await db.createTable('items', rows);
  const config = Index.hnswSq({ distanceType: metric, m: 16, efConstruction: 200 });
  await table.createIndex('vector', { config });
  table.close();
}

export async function openIndex(folder, { metric }) {
  const db = await connect(folder);
  const table = await db.openTable('items');
  return {
    query: async (vector) =>
      (
        await table
          .vectorSearch([...vector])
          .distanceType(metric)
          .ef(160)
          .limit(10)
          .toArray()
      ).length,
    close: async () => table.close(),
  };
}
