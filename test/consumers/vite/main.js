// Searches in the page's memory; prints the backend and the ids found.
import { LocalIndex } from 'quiverdb';

const index = new LocalIndex('notes', { metric: 'ip' });
await index.createIndex();
await index.insertItems([
  { id: 'a', vector: [1, 0] },
  { id: 'b', vector: [1, 2] },
]);
const found = await index.queryItems([1, 1], '', 2);
const { backend } = await index.getPerformanceMetrics();
console.log(`${backend}: ${found.map(({ item }) => item.id).join(', ')}`);
await index.close();
