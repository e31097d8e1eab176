// What an index answers, small enough to keep beside it.

import { createHash } from 'node:crypto';

/** The same for all who ask. */
export function queryVectors(dimensions) {
  return Array.from({ length: 5 }, (_, i) =>
    Float32Array.from({ length: dimensions }, (_, d) => Math.sin(1 + i * dimensions + d)),
  );
}

/** Sorted by id; −0 told from 0. */
export function hashOf(items) {
  const sorted = [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  const text = JSON.stringify(sorted, (_, value) => {
    if (value instanceof Float32Array) return [...value];
    return Object.is(value, -0) ? 'minus zero' : value;
  });
  return createHash('sha256').update(text).digest('hex');
}

export async function describeIndex(index, queries) {
  const { version, metadata_config, items, dimensions, metric, M, efConstruction, quantization } =
    await index.getIndexStats();
  const { segments, headRows, deletedRows } = await index.getPerformanceMetrics();
  const answers = [];
  for (const vector of queries) {
    for (const filter of [undefined, { colour: 'red', number: { $gte: 0 } }]) {
      const found = await index.query({ vector, topK: 5, filter });
      answers.push(found.map(({ item, score }) => [item.id, score]));
    }
  }
  return {
    index: { version, metadata_config, dimensions, metric, M, efConstruction, quantization },
    items,
    hash: hashOf(await index.listItems()),
    segments: segments.map(({ rows, deleted, graph, codes }) => ({ rows, deleted, graph, codes })),
    headRows,
    deletedRows,
    answers,
  };
}
