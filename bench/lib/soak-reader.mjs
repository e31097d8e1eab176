// The process beside bench/suites/soak.mjs that only reads: opens the index, follows what is written for a while, closes it,
// and opens it again, until its parent goes. Tells its parent what each opening took and what the process then holds.

import { setTimeout as pause } from 'node:timers/promises';
import { descriptors, memory } from './measure.mjs';
import { LocalIndex } from './quiver.mjs';

const followMs = 3000;
const [folder, dimensions] = [process.env.SOAK_FOLDER, Number(process.env.SOAK_DIMENSIONS)];
const vector = new Float32Array(dimensions).fill(30);
process.on('disconnect', () => process.exit(0));

for (;;) {
  const started = performance.now();
  const index = new LocalIndex(folder, { readOnly: true });
  const [nearest] = await index.query({ vector, topK: 1 });
  const reopenMs = performance.now() - started;
  if (nearest === undefined) throw new Error('the reader found nothing');
  while (performance.now() - started < followMs) {
    await index.query({ vector, topK: 10 });
    await pause(20);
  }
  await index.close();
  const { resident, own } = memory();
  process.send({ reopenMs, resident, own, descriptors: descriptors() });
}
