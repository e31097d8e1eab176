// node writer.mjs <module> <folder> <prefix> <count> [how]: inserts items and prints each id once it is acknowledged.
import { pathToFileURL } from 'node:url';

const [module, folder, prefix, count, how = 'insert'] = process.argv.slice(2);
const { LocalIndex } = await import(pathToFileURL(module).href);
const index = new LocalIndex(folder);
const vector = (seed) => Array.from({ length: 64 }, (_, at) => Math.sin(seed * 64 + at));
for (let number = 0; number < Number(count); number++) {
  const id = `${prefix}${number}`;
  if (how === 'pairs') {
    // Two items that must be there together, and one that must go with them.
    await index.beginUpdate();
    await index.deleteItem(`${prefix}${number - 1}a`);
    await index.deleteItem(`${prefix}${number - 1}b`);
    await index.insertItem({ id: `${id}a`, vector: vector(number) });
    await index.insertItem({ id: `${id}b`, vector: vector(number) });
    await index.endUpdate();
  } else {
    await index.insertItem({ id, vector: vector(number) });
  }
  process.stdout.write(`${id}\n`);
}
