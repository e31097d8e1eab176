// A table of Lance with an HNSW graph over 8-bit codes, beside the float32 vectors; "refined" computes the distances of three
// times as many candidates again from those.

export const packages = ['@lancedb/lancedb'];
export const metrics = ['l2', 'cosine'];
export const variants = { lancedb: {}, 'lancedb refined': { refineFactor: 3 } };

export const canFilter = true;

const batch = 10_000;

let lancedb;

export async function load() {
  lancedb = await import('@lancedb/lancedb');
}

const opened = (table, { metric, refineFactor }) => ({
  query: async (vector, k, ef, range) => {
    const search = table
      .vectorSearch(vector)
      .distanceType(metric)
      .ef(Math.max(ef, k * (refineFactor ?? 1)))
      .limit(k);
    if (refineFactor) search.refineFactor(refineFactor);
    if (range) search.where(`${range.field} >= ${range.from} AND ${range.field} < ${range.below}`);
    return (await search.select(['row']).toArray()).map(({ row }) => row);
  },
  close: () => table.close(),
});

export async function build(folder, items, settings) {
  const { fields = [] } = settings;
  const db = await lancedb.connect(folder);
  const rows = (from) =>
    items.slice(from, from + batch).map(({ id, vector, metadata }, i) => ({
      row: from + i,
      id,
      vector: [...vector],
      metadata: JSON.stringify(metadata),
      ...Object.fromEntries(fields.map((field) => [field, metadata[field]])),
    }));
  const table = await db.createTable('items', rows(0));
  for (let from = batch; from < items.length; from += batch) await table.add(rows(from));
  const { metric, m, efConstruction } = settings;
  const config = lancedb.Index.hnswSq({ distanceType: metric, m, efConstruction });
  await table.createIndex('vector', { config });
  for (const field of fields) await table.createIndex(field, { config: lancedb.Index.btree() });
  return opened(table, settings);
}

export async function open(folder, settings) {
  const db = await lancedb.connect(folder);
  return opened(await db.openTable('items'), settings);
}
