// Method: worker threads use the same index through the built package, each with an addon environment of its own, and are
// stopped in the middle of calls. The process and the other users of the index must not notice.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalIndex } from '../../js/index.ts';

const script = new URL('./children/worker.mjs', import.meta.url);

let folder: string;
let index: LocalIndex;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'quiver-workers-')), 'index');
  index = new LocalIndex(folder, { dimensions: 32 });
  await index.createIndex();
});

afterEach(async () => {
  await index.close();
  await rm(join(folder, '..'), { recursive: true, force: true });
});

const start = (name: string, task: 'insert' | 'busy'): Worker =>
  new Worker(script, { workerData: { folder, name, task } });

/** The worker's next message; its failure rejects. */
const message = (worker: Worker): Promise<unknown> =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });

const exited = (worker: Worker): Promise<number> =>
  new Promise((resolve) => worker.once('exit', resolve));

test('four workers insert into one index at once', async () => {
  const workers = ['a', 'b', 'c', 'd'].map((name) => start(name, 'insert'));
  const exits = workers.map(exited);
  expect(await Promise.all(workers.map(message))).toEqual([10, 10, 10, 10]);
  expect(await Promise.all(exits)).toEqual([0, 0, 0, 0]);
  expect(await index.listItems()).toHaveLength(200);
});

test('workers stopped in the middle of calls leave the index usable', async () => {
  for (let round = 0; round < 3; round += 1) {
    const workers = ['a', 'b', 'c', 'd'].map((name) => start(`${name}${round}`, 'busy'));
    expect(await Promise.all(workers.map(message))).toEqual(['busy', 'busy', 'busy', 'busy']);
    const codes = workers.map((worker, i) => {
      if (i % 2 === 0) return worker.terminate();
      const code = exited(worker);
      worker.postMessage('exit');
      return code;
    });
    expect(await Promise.all(codes)).toEqual([1, 7, 1, 7]);
  }
  const ids = (await index.listItems()).map((item) => item.id);
  expect(ids.length).toBeGreaterThanOrEqual(3 * 4 * 10);
  expect(new Set(ids).size).toBe(ids.length);
});
