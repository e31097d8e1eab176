// Carries out a workload until it is killed, and writes a line for each operation that was acknowledged.
//   node writer.mjs FOLDER BACKEND SEED
import { writeSync } from 'node:fs';
import { LocalIndex } from 'quiverdb';
import { carryOut, Workload } from './workload.mjs';

const [folder, backend, seed] = process.argv.slice(2);
const workload = new Workload(Number(seed));
// Small segments, so that sealing and merging are always under way.
const index = new LocalIndex(folder, { backend, sealThreshold: 300 });
for (let operation = 1; ; operation++) {
  await carryOut(index, workload.next());
  writeSync(1, `${operation}\n`);
}
