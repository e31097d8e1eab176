// One JSON file, which is read whole; compares with every item. Cosine only.

export const packages = ['vectra'];
export const metrics = ['cosine'];
export const variants = { vectra: {} };
export const isExact = true;
export const canFilter = true;

let LocalIndex;

export async function load() {
  ({ LocalIndex } = await import('vectra'));
}

const filterOf = ({ field, from, below }) => ({
  $and: [{ [field]: { $gte: from } }, { [field]: { $lt: below } }],
});

const opened = (index) => ({
  query: async (vector, k, _ef, range) =>
    (await index.queryItems([...vector], '', k, range && filterOf(range))).map(({ item }) =>
      Number(item.metadata.row),
    ),
});

export async function build(folder, items) {
  const index = new LocalIndex(folder);
  await index.createIndex({ version: 1 });
  await index.batchInsertItems(
    items.map(({ id, vector, metadata }, row) => ({
      id,
      vector: [...vector],
      metadata: { ...metadata, row },
    })),
  );
  return opened(index);
}

export async function open(folder) {
  const index = new LocalIndex(folder);
  await index.getIndexStats();
  return opened(index);
}
