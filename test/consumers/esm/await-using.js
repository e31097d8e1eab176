// A file of its own: Node 22 and older do not know the syntax.
import assert from 'node:assert/strict';
import { LocalIndex } from 'quiverdb';

let closed;
{
  await using index = new LocalIndex('./disposed');
  await index.createIndex({ deleteIfExists: true });
  await index.insertItem({ id: 'a', vector: [1, 2] });
  closed = index;
}
await assert.rejects(closed.listItems(), { code: 'CLOSED' });
