// Method: a child process writes without end and is killed with SIGKILL at a random moment. What is on the disk must be the
// state after the operations that were acknowledged, or after the one that was under way too: nothing less, no half.
//   QUIVER_KILL9_ROUNDS=50 npx vitest run test/robustness/kill9
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Backend, LocalIndex } from '../../js/index.ts';
import { carryOut, dimensions, Workload } from './children/workload.mjs';

const writerScript = fileURLToPath(new URL('./children/writer.mjs', import.meta.url));
const rounds = Number(process.env['QUIVER_KILL9_ROUNDS'] ?? 6);

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'quiver-kill9-')), 'index');
  const index = new LocalIndex(folder, { dimensions });
  await index.createIndex();
  await index.close();
});

/** Those that count(): none outlives its test. */
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(join(folder, '..'), { recursive: true, force: true });
});

/** Runs the writer for some time after its first acknowledgement; how many operations it had acknowledged. */
async function writeAndKill(backend: Backend, seed: number, ms: number): Promise<number> {
  const child = spawn(process.execPath, [writerScript, folder, backend, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (acknowledged === 0) setTimeout(() => child.kill('SIGKILL'), ms);
    acknowledged = Number(line);
  }
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
  return acknowledged;
}

type Contents = Map<string, { vector: number[]; metadata: unknown }>;

const contents = (
  items: Iterable<{ id: string; vector: Float32Array; metadata: unknown }>,
): Contents =>
  new Map([...items].map(({ id, vector, metadata }) => [id, { vector: [...vector], metadata }]));

/** The model after `operations`, and after one more. */
function states(seed: number, operations: number): [Contents, Contents] {
  const workload = new Workload(seed);
  for (let i = 0; i < operations; i++) workload.next();
  const before = contents(workload.items.values());
  workload.next();
  return [before, contents(workload.items.values())];
}

async function round(backend: Backend, seed: number, ms: number): Promise<void> {
  const acknowledged = await writeAndKill(backend, seed, ms);
  const index = new LocalIndex(folder, { backend });
  const report = await index.verify();
  expect(report.problems).toEqual([]);
  const found = contents(await index.listItems());
  const [before, after] = states(seed, acknowledged);
  const context = `seed ${seed}, killed after ${acknowledged} operations`;
  if (!isDeepStrictEqual(found, before)) expect(found, context).toEqual(after);
  // The lock of the dead is taken over, and writing goes on.
  const more = new Workload(seed + 1_000_000);
  for (const step of more.next()) {
    const items = step.items?.map((item) => ({ ...item, id: `more ${item.id}` }));
    await carryOut(index, [{ ...step, items }]);
  }
  await index.close();
}

test.each([
  ['native', rounds],
  ['wasm', Math.ceil(rounds / 3)],
] as const)(
  '%s: what was acknowledged survives kill -9',
  async (backend, times) => {
    for (let i = 0; i < times; i++) {
      const seed = Math.floor(Math.random() * 2 ** 31);
      await round(backend, seed, Math.random() ** 2 * 600);
      const index = new LocalIndex(folder, { dimensions });
      await index.createIndex({ deleteIfExists: true });
      await index.close();
    }
  },
  60_000 + rounds * 5000,
);

/** A child that counts on its stdout: how far it is, and its end. */
function count(script: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const counter = {
    done: 0,
    /** Whether it has come so far. One that has ended never will. */
    isAt: (wanted: number) => {
      expect(child.exitCode).toBeNull();
      return counter.done >= wanted;
    },
    until: async (wanted: number) => {
      while (!counter.isAt(wanted)) await pause(5);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await Promise.all([read, closed]);
      expect(child.signalCode).toBe('SIGKILL');
    },
  };
  const closed = new Promise((resolve) => child.on('close', resolve));
  const read = (async () => {
    for await (const line of createInterface({ input: child.stdout })) counter.done = Number(line);
  })();
  return counter;
}

test.each(['native', 'wasm'] as const)(
  '%s: of two would-be writers one writes, and the other goes on when it is killed',
  async (backend) => {
    for (let i = 0; i < Math.ceil(rounds / 3); i++) {
      const writers = ['a', 'b'].map((name) => ({
        name,
        counter: count('contender.mjs', folder, backend, name),
      }));
      await Promise.race(writers.map(({ counter }) => counter.until(20 + (i % 20))));
      // The one that writes first, then the one that has waited.
      writers.sort((one, other) => other.counter.done - one.counter.done);
      const [first, second] = writers as [(typeof writers)[0], (typeof writers)[0]];
      expect(second.counter.done).toBe(0);
      await first.counter.kill();
      await second.counter.until(20);
      await second.counter.kill();

      const index = new LocalIndex(folder, { backend });
      expect((await index.verify()).problems).toEqual([]);
      const ids = new Set((await index.listItems()).map(({ id }) => id));
      let expected = 0;
      for (const { name, counter } of writers) {
        for (let n = 1; n <= counter.done; n++) expect(ids).toContain(`${name} ${n}`);
        expected += counter.done + (ids.has(`${name} ${counter.done + 1}`) ? 1 : 0);
      }
      expect(ids.size).toBe(expected);
      await index.createIndex({ dimensions, deleteIfExists: true });
      await index.close();
    }
  },
  60_000 + rounds * 5000,
);

test.each(['native', 'wasm'] as const)(
  '%s: a reader that is killed disturbs nobody',
  async (backend) => {
    const index = new LocalIndex(folder, { backend, sealThreshold: 300 });
    const workload = new Workload(1);
    await carryOut(index, workload.next());
    for (let i = 0; i < Math.ceil(rounds / 3); i++) {
      const reader = count('observer.mjs', folder, backend);
      while (!reader.isAt(5 + (i % 20))) await carryOut(index, workload.next());
      await reader.kill();
      await carryOut(index, workload.next());
    }
    expect((await index.verify()).problems).toEqual([]);
    expect(contents(await index.listItems())).toEqual(contents(workload.items.values()));
    await index.close();
  },
  60_000 + rounds * 5000,
);
