// Method: an index over a pool of files that forget what was not flushed. The worker that has it is ended at any moment, or
// the power fails; what was acknowledged must be there for the next one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadWasmEngine } from '../../js/engine/wasm.ts';
import { readWasmFile } from '../../js/engine/wasm-file.ts';
import { LocalIndexBase } from '../../js/local-index.ts';
import { Pool } from '../../js/storage/pool.ts';
import { errorOf, randomVectors } from '../conformance/helpers.ts';
import { CrashingFile } from '../support/crashing-file.ts';

/** Grows as the pool of a browser does. */
class GrowingPool extends Pool {
  readonly #files: CrashingFile[];

  constructor(files: CrashingFile[]) {
    super();
    this.#files = files;
    for (const file of files) this.add(file);
  }

  prepare(_folder: string, count: number): Promise<void> | undefined {
    while (this.spare < count) {
      const file = new CrashingFile();
      this.#files.push(file);
      this.add(file);
    }
    return undefined;
  }

  // A lock that is there is always of one who is gone.
  override ownerAlive(): number {
    return 0;
  }
}

async function indexOver(files: CrashingFile[], sealThreshold = 60): Promise<LocalIndexBase> {
  const engine = await loadWasmEngine(new GrowingPool(files), 'opfs', await readWasmFile());
  const options = { metric: 'l2', sealThreshold } as const;
  return new LocalIndexBase(async () => ({ engine, attempts: [] }), 'f', options);
}

const vectors = randomVectors(2000, 8, 9);

test('an index has what was acknowledged, whenever the power fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      fc.nat(20),
      fc.infiniteStream(fc.constantFrom(0 as const, 1 as const, 2 as const)),
      async (batches, stop, fates) => {
        let files: CrashingFile[] = [];
        const acknowledged = new Set<string>();
        let next = 0;
        for (let life = 0; life < 2; life++) {
          const index = await indexOver(files);
          if (life === 0) await index.createIndex();
          for (const [i, size] of batches.entries()) {
            if (i === stop) break;
            const items = vectors
              .slice(next, next + size)
              .map((vector, n) => ({ id: `${next + n}`, vector }));
            next += size;
            await index.insertItems(items);
            for (const { id } of items) acknowledged.add(id);
            if (i % 7 === 6) await index.optimize();
          }
          // Never closed: nothing of it is used again.
          files = files.map((file) => file.crash(() => fates.next().value as 0 | 1 | 2));
        }
        const index = await indexOver(files);
        const there = new Set((await index.listItems()).map(({ id }) => id));
        for (const id of acknowledged) expect(there).toContain(id);
        expect(await index.verify()).toMatchObject({ ok: true, problems: [] });
        await index.close();
      },
    ),
    { numRuns: 15 },
  );
});

test('an index whose quota is used up says so, is read on, and loses nothing', async () => {
  const files: CrashingFile[] = [];
  const index = await indexOver(files, 1_000_000);
  await index.createIndex();
  CrashingFile.room = 20_000;
  let acknowledged = 0;
  try {
    const error = await errorOf(async () => {
      for (; acknowledged < 2000; acknowledged += 100)
        await index.insertItems(
          vectors
            .slice(acknowledged, acknowledged + 100)
            .map((vector, n) => ({ id: `${acknowledged + n}`, vector })),
        );
    });
    expect(error.code).toBe('NO_SPACE');
    expect(error.message).toContain('quota');
    expect(acknowledged).toBeGreaterThan(0);
    expect(await index.listItems()).toHaveLength(acknowledged);
    await index.close();
  } finally {
    CrashingFile.room = Number.POSITIVE_INFINITY;
  }
  const again = await indexOver(files);
  expect(await again.verify()).toEqual({ ok: true, items: acknowledged, problems: [] });
  await again.insertItem({ id: 'more', vector: vectors[0] as Float32Array });
  await again.close();
});
