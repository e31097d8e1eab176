// Inserts items as soon as it may, until it is killed, and writes a line for each that was acknowledged. Between them it gives
// other writers no chance: they must wait for its end.
//   node contender.mjs FOLDER BACKEND NAME
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { LocalIndex } from 'quiverdb';
import { dimensions } from './workload.mjs';

const [folder, backend, name] = process.argv.slice(2);
const index = new LocalIndex(folder, { backend, sealThreshold: 300 });
for (let i = 1; ; ) {
  try {
    await index.insertItem({ id: `${name} ${i}`, vector: new Float32Array(dimensions).fill(i) });
    writeSync(1, `${i++}\n`);
  } catch (error) {
    if (error.code !== 'LOCKED') throw error;
    await pause(5);
  }
}
