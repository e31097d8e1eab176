// A database in a folder: ids, fields, and an HNSW graph that `optimize` builds on all cores.

import { join } from 'node:path';

export const packages = ['@zvec/zvec'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = { zvec: {} };

const batch = 1000; // it refuses many more at once
const kinds = { l2: 'L2', cosine: 'COSINE', ip: 'IP' };
const place = (folder) => join(folder, 'collection');

let zvec;

export async function load() {
  zvec = await import('@zvec/zvec');
  const { ZVecInitialize, ZVecLogType, ZVecLogLevel } = zvec;
  ZVecInitialize({ logType: ZVecLogType.CONSOLE, logLevel: ZVecLogLevel.ERROR });
}

const opened = (collection) => {
  const question = (vector, topk, ef) => ({
    fieldName: 'vector',
    vector,
    topk,
    params: { indexType: zvec.ZVecIndexType.HNSW, ef },
  });
  const rows = (documents) => documents.map(({ id }) => Number(id));
  return {
    query: (vector, k, ef) => rows(collection.querySync(question(vector, k, ef))),
    queryAsync: async (vector, k, ef) => rows(await collection.query(question(vector, k, ef))),
    close: () => collection.closeSync(),
  };
};

export async function build(folder, items, { metric, dimensions, m, efConstruction }) {
  const schema = new zvec.ZVecCollectionSchema({
    name: 'items',
    vectors: {
      name: 'vector',
      dataType: zvec.ZVecDataType.VECTOR_FP32,
      dimension: dimensions,
      indexParams: {
        indexType: zvec.ZVecIndexType.HNSW,
        metricType: zvec.ZVecMetricType[kinds[metric]],
        m,
        efConstruction,
      },
    },
    fields: { name: 'metadata', dataType: zvec.ZVecDataType.STRING, nullable: true },
  });
  const collection = zvec.ZVecCreateAndOpen(place(folder), schema);
  for (let from = 0; from < items.length; from += batch) {
    const statuses = collection.insertSync(
      items.slice(from, from + batch).map(({ vector, metadata }, i) => ({
        id: String(from + i),
        vectors: { vector },
        fields: { metadata: JSON.stringify(metadata) },
      })),
    );
    const failed = statuses.find(({ ok }) => !ok);
    if (failed) throw new Error(failed.message);
  }
  await collection.optimize();
  return opened(collection);
}

export async function open(folder) {
  return opened(zvec.ZVecOpen(place(folder)));
}
