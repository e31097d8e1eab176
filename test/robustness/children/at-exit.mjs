// node at-exit.mjs FOLDER WAY: inserts into the index in FOLDER and ends in the WAY named. Writes the id of each item
// whose insert was acknowledged as one line.
import { writeSync } from 'node:fs';
import { LocalIndex } from '../../../dist/index.mjs';

const [folder, way] = process.argv.slice(2);
const index = new LocalIndex(folder, { dimensions: 32 });

const item = (id) => ({
  id,
  vector: Float32Array.from({ length: 32 }, (_, i) => Math.sin(Number(id) + i) + 2),
  metadata: {},
});

async function insert(id) {
  await index.insertItem(item(id));
  writeSync(1, `${id}\n`);
}

await insert('0');
if (way !== 'idle') {
  const inserts = Array.from({ length: 500 }, (_, i) => insert(String(i + 1)));
  if (way === 'exit-at-once') process.exit(3);
  await inserts[0];
  // The others are on their way now.
  if (way === 'exit') process.exit(3);
  if (way === 'kill') process.kill(process.pid, 'SIGKILL');
  if (way === 'throw') {
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
  }
  // 'return': nothing but the open promises keeps the process alive.
}
