// Runs the package as installed; prints the backend that it chose.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { LocalIndex, QuiverError } from 'quiverdb';

const index = new LocalIndex('./index', { metric: 'l2' });
await index.createIndex({ version: 1, deleteIfExists: true });
await index.insertItems([
  { id: 'near', vector: [1, 2], metadata: { tags: ['a'] } },
  { id: 'far', vector: [9, 9], metadata: { tags: ['b'] } },
]);
const [best] = await index.query({ vector: [1, 1], topK: 1 });
assert.deepEqual(best, {
  item: { id: 'near', metadata: { tags: ['a'] }, norm: Math.sqrt(5) },
  score: -1,
});
assert.equal((await index.verify()).ok, true);

// The CommonJS copy of the package reads the same folder, and its errors are errors of this copy too.
const { LocalIndex: Required } = createRequire(import.meta.url)('quiverdb');
const other = new Required('./index', { metric: 'l2' });
assert.equal((await other.listItems()).length, 2);
await assert.rejects(other.query({ vector: [1], topK: 1 }), (error) => {
  assert(error instanceof QuiverError);
  return error.code === 'DIMENSION_MISMATCH';
});
await other[Symbol.asyncDispose](); // what `await using` calls
await assert.rejects(other.listItems(), { code: 'CLOSED' });

// The copy of Vectra's API, in both forms, on one folder.
const { LocalIndex: OfVectra } = await import('quiverdb/vectra');
const { LocalIndex: RequiredOfVectra } = createRequire(import.meta.url)('quiverdb/vectra');
const folder = new OfVectra('./vectra');
await folder.createIndex({ version: 1, deleteIfExists: true });
await folder.insertItem({ id: 'a', vector: [3, 4] });
assert.equal((await new RequiredOfVectra('./vectra').getItem('a')).norm, 5);

// Two more indexes: the warning about a fallback comes once.
for (const name of ['./second', './third']) {
  const more = new LocalIndex(name);
  await more.createIndex({ deleteIfExists: true });
  await more.close();
}
console.log((await index.getPerformanceMetrics()).backend);
await index.close();
