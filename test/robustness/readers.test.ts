// Method: a child process writes without end, with small segments, while this process reads the same folder. Whatever is
// read must be the state after some whole operation, never an earlier one than before, and after a refresh at least the last
// one that the child had reported.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LocalIndex } from '../../js/index.ts';
import { dimensions, Workload } from './children/workload.mjs';

const writerScript = fileURLToPath(new URL('./children/writer.mjs', import.meta.url));

let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'quiver-readers-')), 'index');
  const index = new LocalIndex(folder, { dimensions });
  await index.createIndex();
  await index.close();
});

afterEach(async () => {
  if (child !== undefined && child.exitCode === null) {
    const ended = new Promise((resolve) => child?.on('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  child = undefined;
  await rm(join(folder, '..'), { recursive: true, force: true });
});

/** Starts the writer; the number of operations that it has reported so far, once there is one. */
async function startWriter(backend: string, seed: number): Promise<() => number> {
  const started = spawn(process.execPath, [writerScript, folder, backend, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  let reported = 0;
  await new Promise<void>((resolve) => {
    createInterface({ input: started.stdout }).on('line', (line) => {
      reported = Number(line);
      resolve();
    });
  });
  return () => reported;
}

describe.each([
  ['native', 'native'],
  ['native', 'wasm'],
  ['wasm', 'native'],
] as const)('%s writes, %s reads', (writer, reader) => {
  test('a reader sees whole operations, in order, and all of them after a refresh', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const reported = await startWriter(writer, seed);
    const index = new LocalIndex(folder, { backend: reader, readOnly: true });
    const model = new Workload(seed);
    let operations = 0;
    for (let look = 0; look < 8; look++) {
      const atLeast = reported();
      await index.refresh();
      const found = new Map((await index.listItems()).map((item) => [item.id, item]));
      const same = (): boolean =>
        found.size === model.items.size &&
        [...model.items.values()].every((item) => {
          const other = found.get(item.id);
          return (
            other !== undefined &&
            isDeepStrictEqual(other.vector, item.vector) &&
            isDeepStrictEqual(other.metadata, item.metadata)
          );
        });
      const limit = reported() + 1000;
      while (operations < atLeast || !same()) {
        expect(operations, `seed ${seed}: what was read is no state of the index`).toBeLessThan(
          limit,
        );
        model.next();
        operations++;
      }
    }
    expect(operations).toBeGreaterThan(0);
    await index.close();
  }, 60_000);
});

test('a handle follows a writer without being told to', async () => {
  const reported = await startWriter('native', 1);
  const index = new LocalIndex(folder);
  const first = (await index.getIndexStats()).items;
  const seen = reported();
  while (reported() < seen + 20)
    await index.query({ vector: new Float32Array(dimensions), topK: 1 });
  expect(await index.getIndexStats()).not.toMatchObject({ items: first });
  const { code } = await index.insertItem({ id: 'x', vector: new Float32Array(dimensions) }).then(
    () => ({ code: 'none' }),
    (error: { code: string }) => error,
  );
  expect(code).toBe('LOCKED');
  await index.close();
});
