// A database in a folder: ids, fields, and an HNSW graph that `optimize` builds on all cores.

import { join } from 'node:path';

export const packages = ['@zvec/zvec'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = { zvec: {} };
export const canFilter = true;

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
  const question = (vector, topk, ef, range) => ({
    fieldName: 'vector',
    vector,
    topk,
    ...(range && {
      filter: `${range.field} >= ${range.from} and ${range.field} < ${range.below}`,
    }),
    params: { indexType: zvec.ZVecIndexType.HNSW, ef },
  });
  const rows = (documents) => documents.map(({ id }) => Number(id));
  return {
    query: (vector, k, ef, range) => rows(collection.querySync(question(vector, k, ef, range))),
    queryAsync: async (vector, k, ef) => rows(await collection.query(question(vector, k, ef))),
    close: () => collection.closeSync(),
  };
};

export async function build(folder, items, settings) {
  const { metric, dimensions, m, efConstruction, fields = [] } = settings;
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
    fields: [
      { name: 'metadata', dataType: zvec.ZVecDataType.STRING, nullable: true },
      ...fields.map((name) => ({
        name,
        dataType: zvec.ZVecDataType.INT32,
        indexParams: { indexType: zvec.ZVecIndexType.INVERT, enableRangeOptimization: true },
      })),
    ],
  });
  const collection = zvec.ZVecCreateAndOpen(place(folder), schema);
  for (let from = 0; from < items.length; from += batch) {
    const statuses = collection.insertSync(
      items.slice(from, from + batch).map(({ vector, metadata }, i) => ({
        id: String(from + i),
        vectors: { vector },
        fields: {
          metadata: JSON.stringify(metadata),
          ...Object.fromEntries(fields.map((name) => [name, metadata[name]])),
        },
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
