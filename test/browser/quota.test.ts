import { describe, expect, test } from 'vitest';
import { LocalIndex } from '../../js/browser.ts';
import { errorOf, randomVectors } from '../conformance/helpers.ts';

const vectors = randomVectors(4000, 64, 5);
const items = (from: number, to: number): { id: string; vector: Float32Array }[] =>
  vectors.slice(from, to).map((vector, i) => ({ id: `id${from + i}`, vector }));

// Chromium itself looks at its quota only now and then, and without a profile not at all where files are concerned.
describe.each(['opfs', 'indexeddb'] as const)('a quota over %s', (storage) => {
  test('that is used up is said, and nothing acknowledged is lost', async () => {
    const worker = new Worker(new URL('./support/full-worker.ts', import.meta.url), {
      type: 'module',
    });
    const folder = `quota ${crypto.randomUUID()}`;
    const index = new LocalIndex(folder, { storage, worker });
    await index.createIndex();
    await index.insertItems(items(0, 500));
    const stream = index.listItemsStream({ batchSize: 10 });
    await stream.next();
    worker.postMessage({ room: 400_000 });
    let acknowledged = 500;
    const writes = Array.from({ length: 7 }, (_, i) =>
      index.insertItems(items(500 + i * 500, 1000 + i * 500)).then(
        () => {
          acknowledged += 500;
        },
        (error: unknown) => error,
      ),
    );
    const errors = (await Promise.all(writes)).filter((each) => each !== undefined);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors)
      expect(error).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining('quota') });
    // What is there can be read.
    expect(await index.listItems()).toHaveLength(acknowledged);
    const found = await index.query({ vector: vectors[7] as Float32Array, topK: 1 });
    expect(found[0]?.item.id).toBe('id7');
    if (storage === 'indexeddb') {
      // What had begun before was of a state that is no more.
      expect((await errorOf(() => stream.next())).code).toBe('ENGINE_LOST');
      // Smaller pieces may still find room.
      await index.insertItem({ id: 'small', vector: vectors[0] as Float32Array });
      await index.deleteItem('small');
    }
    worker.postMessage({ room: Number.POSITIVE_INFINITY });
    await index.close();
    const again = new LocalIndex(folder, { storage, worker });
    expect(await again.verify()).toEqual({ ok: true, items: acknowledged, problems: [] });
    await again.upsertItems(items(500, 4000));
    expect(await again.listItems()).toHaveLength(4000);
    await again.deleteIndex();
    await again.close();
  });
});
