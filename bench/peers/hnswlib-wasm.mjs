// hnswlib in WebAssembly, in memory. It is made for browsers alone: it asks for a window, and for IndexedDB, which it is given.

export const packages = ['hnswlib-wasm', 'fake-indexeddb'];
export const metrics = ['l2', 'cosine', 'ip'];
export const variants = { 'hnswlib-wasm': {} };

let library;

export async function load() {
  await import('fake-indexeddb/auto');
  globalThis.window = globalThis;
  const { loadHnswlib } = await import('hnswlib-wasm/dist/hnswlib.js');
  library = await loadHnswlib();
}

export async function build(_folder, items, { metric, dimensions, m, efConstruction }) {
  const index = new library.HierarchicalNSW(metric, dimensions, '');
  index.initIndex(items.length, m, efConstruction, 100);
  for (const [row, { vector }] of items.entries()) index.addPoint(vector, row, false);
  let current;
  return {
    query: (vector, k, ef) => {
      if (ef !== current) index.setEfSearch(ef);
      current = ef;
      return index.searchKnn(vector, k, undefined).neighbors;
    },
  };
}
