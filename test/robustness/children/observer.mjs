// Reads until it is killed, and writes a line after each time.
//   node observer.mjs FOLDER BACKEND
import { writeSync } from 'node:fs';
import { LocalIndex } from 'quiverdb';
import { dimensions } from './workload.mjs';

const [folder, backend] = process.argv.slice(2);
const index = new LocalIndex(folder, { backend, readOnly: true });
for (let i = 1; ; i++) {
  await index.refresh();
  await index.query({ vector: new Float32Array(dimensions).fill(1), topK: 5 });
  for await (const _ of index.listItemsStream({ batchSize: 50 })) break;
  writeSync(1, `${i}\n`);
}
