// A worker on the index in workerData.folder. `insert`: inserts its own items and ends; `busy`: inserts and queries until
// it is stopped, by `terminate` from outside or, when told to, by its own process.exit.
import { parentPort, workerData } from 'node:worker_threads';
import { LocalIndex } from '../../../dist/index.mjs';

const { folder, name, task } = workerData;
const index = new LocalIndex(folder, { dimensions: 32 });

const vector = (seed) => Float32Array.from({ length: 32 }, (_, i) => Math.sin(seed + i) + 2);
const insert = (number) =>
  index.insertItem({ id: `${name}-${number}`, vector: vector(number), metadata: { name } });

if (task === 'insert') {
  await Promise.all(Array.from({ length: 50 }, (_, i) => insert(i)));
  const found = await index.queryItems(vector(7), '', 10);
  parentPort.postMessage(found.length);
} else {
  parentPort.once('message', () => process.exit(7));
  let number = 0;
  const once = () =>
    Promise.all(
      Array.from({ length: 20 }, () => {
        number += 1;
        return number % 2 === 0 ? insert(number) : index.queryItems(vector(number), '', 10);
      }),
    );
  await once();
  parentPort.postMessage('busy');
  for (;;) await once();
}
