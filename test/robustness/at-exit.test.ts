// Method: a child process inserts through the built package and ends in one of several ways, with calls in flight. It must
// end as it was told to (no crash, no hang), and every insert that it had acknowledged must be in the index afterwards.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalIndex } from '../../js/index.ts';

const childScript = fileURLToPath(new URL('./children/at-exit.mjs', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'quiver-at-exit-')), 'index');
  const index = new LocalIndex(folder, { dimensions: 32 });
  await index.createIndex();
  await index.close();
});

afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true, force: true });
});

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** Ids that the child saw acknowledged. */
  readonly acknowledged: readonly string[];
}

function runChild(way: string): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [childScript, folder, way], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code, signal, acknowledged: output.split('\n').slice(0, -1) }),
    );
  });
}

async function check(way: string, code: number | null, signal: string | null): Promise<Ending> {
  const ending = await runChild(way);
  expect({ code: ending.code, signal: ending.signal }).toEqual({ code, signal });
  const index = new LocalIndex(folder, { dimensions: 32 });
  const stored = new Set((await index.listItems()).map((item) => item.id));
  expect(ending.acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  await index.close();
  return ending;
}

test('an open index with nothing in flight lets the process end', async () => {
  expect((await check('idle', 0, null)).acknowledged).toEqual(['0']);
});

test('promises in flight keep the process alive', async () => {
  expect((await check('return', 0, null)).acknowledged).toHaveLength(501);
});

test.each(['exit', 'exit-at-once'])('process.exit with inserts in flight: %s', async (way) => {
  for (let round = 0; round < 5; round += 1) {
    await check(way, 3, null);
    await clear();
  }
});

test('an uncaught exception with inserts in flight', async () => {
  await check('throw', 1, null);
});

test.skipIf(process.platform === 'win32')('SIGKILL with inserts in flight', async () => {
  await check('kill', null, 'SIGKILL');
});

/** Empties the index for another round. */
async function clear(): Promise<void> {
  const index = new LocalIndex(folder, { dimensions: 32 });
  await index.createIndex({ version: 1, deleteIfExists: true });
  await index.close();
}
