// Opens in Node what the page has given.
import { readFileSync } from 'node:fs';
import { LocalIndex } from 'quiverdb';

const index = await LocalIndex.importArchive(readFileSync(process.argv[2]), 'notes');
const found = await index.queryItems([1, 1], '', 2);
console.log(found.map(({ item }) => item.id).join(', '));
await index.close();
