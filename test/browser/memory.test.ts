import { expect, test } from 'vitest';
import { LocalIndex } from '../../js/browser.ts';
import { suitesOver } from './support/suites.ts';

suitesOver('memory');

test('an index in the memory of a page is found by its name', async () => {
  const folder = 'memory:page';
  const index = new LocalIndex(folder);
  await index.createIndex();
  await index.insertItems([
    { id: 'a', vector: [1, 0] },
    { id: 'b', vector: [0, 1] },
  ]);
  await index.close();
  const again = new LocalIndex(folder);
  expect(await again.queryItems([0, 1], '', 1)).toMatchObject([{ item: { id: 'b' } }]);
  expect((await again.getPerformanceMetrics()).storage).toBe('memory');
  await again.deleteIndex();
});
