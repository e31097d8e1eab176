// Searches in the page's storage; its title tells the backend, the storage, and the ids found, also after it is loaded again.
import { LocalIndex } from 'quiverdb';

try {
  const index = new LocalIndex('notes', { metric: 'ip' });
  if (!(await index.isIndexCreated())) {
    await index.createIndex();
    await index.insertItems([
      { id: 'a', vector: [1, 0] },
      { id: 'b', vector: [1, 2] },
    ]);
  }
  const found = await index.queryItems([1, 1], '', 2);
  const { backend, storage } = await index.getPerformanceMetrics();
  globalThis.exported = async () => {
    const bytes = new Uint8Array(await (await index.exportBlob()).arrayBuffer());
    return Array.from(bytes);
  };
  document.title = `${backend}, ${storage}: ${found.map(({ item }) => item.id).join(', ')}`;
} catch (error) {
  document.title = `failed: ${error}`;
}
