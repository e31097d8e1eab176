import { expect, test } from 'vitest';
import {
  checkCreateConfig,
  checkIndexOptions,
  checkInsertOptions,
  checkQueryManyOptions,
  checkQueryOptions,
  checkQuerySyncOptions,
  checkStreamOptions,
} from '../../js/options.ts';
import { errorOf } from '../conformance/helpers.ts';

const vague = (value: unknown): never => value as never;

test('an unknown key is refused with the nearest known one', async () => {
  const near = await errorOf(() => checkIndexOptions(vague({ dimension: 3 })));
  expect(near.code).toBe('INVALID_ARGUMENT');
  expect(near.message).toContain("'dimension'");
  expect(near.message).toContain('did you mean dimensions?');
  expect((await errorOf(() => checkIndexOptions(vague({ efconstruction: 3 })))).message).toContain(
    'efConstruction',
  );
  expect((await errorOf(() => checkQueryManyOptions(vague({ topk: 3 })))).message).toContain(
    'did you mean topK?',
  );
  expect((await errorOf(() => checkIndexOptions(vague({ zzzzzzzz: 3 })))).message).toContain(
    'known are',
  );
});

test.each([
  { dimensions: 0 },
  { dimensions: 1.5 },
  { dimensions: '3' },
  { dimensions: 65537 },
  { metric: 'euclid' },
  { M: 3 },
  { M: 65 },
  { efConstruction: 7 },
  { efConstruction: 'many' },
  { durability: 'fsync' },
  { backend: 'gpu' },
  { sealThreshold: 0 },
  { useMmap: 1 },
  { mmapThreshold: -1 },
  { memoryLimit: 0 },
  { memoryLimit: '1 XB' },
  { memoryLimit: 'much' },
])('a value out of range is refused: %o', async (options) => {
  const error = await errorOf(() => checkIndexOptions(vague(options)));
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.message).toContain(Object.keys(options)[0]);
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 32, '10', null])('topK %s is refused', async (topK) => {
  expect((await errorOf(() => checkQueryManyOptions(vague({ topK })))).code).toBe('INVALID_TOP_K');
});

test.each([0, -0.5, 1.01, Number.NaN, '0.9', true, [0.5], null])(
  'targetRecall %o is refused',
  async (targetRecall) => {
    const error = await errorOf(() => checkQueryManyOptions(vague({ targetRecall })));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('targetRecall');
  },
);

test('querySync takes what query does, but no signal', async () => {
  const { signal } = new AbortController();
  const options = { vector: [1], topK: 3, ef: 20, targetRecall: 1, filter: { a: 1 }, minScore: 0 };
  checkQueryOptions({ ...options, signal });
  checkQuerySyncOptions(options);
  const error = await errorOf(() => checkQuerySyncOptions(vague({ ...options, signal })));
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.message).toContain("'signal'");
});

test('good values pass, undefined means the default', () => {
  checkIndexOptions({
    dimensions: 65536,
    metric: 'ip',
    M: 4,
    efConstruction: 8,
    durability: 'none',
    backend: 'wasm',
    useMmap: false,
    mmapThreshold: 0,
    memoryLimit: '1.5 GiB',
  });
  checkIndexOptions(vague({ dimensions: undefined, metric: undefined }));
  checkQueryManyOptions({
    topK: 0xffffffff,
    ef: 1,
    targetRecall: 0.01,
    minScore: -1,
    includeVectors: true,
    exact: true,
    groupBy: { field: 'a.b', limit: 3 },
  });
  checkQueryManyOptions({ mmr: { lambda: 0, candidates: 10 } });
  checkInsertOptions({ batchSize: 1, onProgress: () => undefined });
  checkStreamOptions({ batchSize: 1, maxResults: 5, targetRecall: 0.9, exact: true });
  checkCreateConfig({ version: 2, metadata_config: { indexed: ['a'] } });
});

test.each([null, 5, 'x', []])('options that are no object are refused: %o', async (options) => {
  expect((await errorOf(() => checkIndexOptions(vague(options)))).code).toBe('INVALID_ARGUMENT');
});

test('metadata_config is checked', async () => {
  for (const metadata_config of [{ indexed: 'a' }, { indexed: [1] }, { index: [] }, null])
    expect((await errorOf(() => checkCreateConfig(vague({ metadata_config })))).code).toBe(
      'INVALID_ARGUMENT',
    );
});
