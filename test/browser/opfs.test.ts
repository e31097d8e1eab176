import { expect, test } from 'vitest';
import { LocalIndex } from '../../js/browser.ts';
import { errorOf } from '../conformance/helpers.ts';
import { suitesOver } from './support/suites.ts';

suitesOver('opfs');

test('any text that is not too long is a name', async () => {
  for (const name of ['.', '..', 'a/b\\c', '*?"<>|:', 'ä €\n', 'films', 'FILMS', 'x'.repeat(200)]) {
    const index = new LocalIndex(name, { storage: 'opfs' });
    await index.createIndex();
    await index.insertItem({ id: name, vector: [1, 2] });
    await index.close();
    const again = new LocalIndex(name, { storage: 'opfs' });
    expect((await again.listItems()).map(({ id }) => id)).toEqual([name]);
    await again.deleteIndex();
    await again.close();
  }
  for (const name of ['€'.repeat(100), '\ud800']) {
    const error = await errorOf(() => new LocalIndex(name, { storage: 'opfs' }).isIndexCreated());
    expect(error.code).toBe('INVALID_ARGUMENT');
  }
});
