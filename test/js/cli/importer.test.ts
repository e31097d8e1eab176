// What becomes of an import that stops halfway.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interrupted } from '../../../js/cli/failure.ts';
import type { ReadItem, Source } from '../../../js/cli/formats/format.ts';
import { type ImportOptions, importItems } from '../../../js/cli/importer.ts';
import { LocalIndex } from '../../../js/index.ts';
import { scratchFolder } from './helpers.ts';

const folder = scratchFolder();
let made = 0;

function sourceOf(each: (row: number) => ReadItem): Source {
  return {
    unit: 'row',
    fraction: undefined,
    async *items() {
      for (let row = 0; ; row++) yield each(row);
    },
    close: async () => undefined,
  };
}

const itemAt = (row: number): ReadItem => ({
  item: { vector: [row, 1] },
  place: row,
  bytes: 8,
});

const plain: ImportOptions = {
  path: 'F',
  batch: 10,
  limit: Number.POSITIVE_INFINITY,
  upsert: false,
  idPrefix: '',
  signal: new AbortController().signal,
  onProgress: () => undefined,
};

test('reading waits for the building of graphs when rows fill the memory', async () => {
  const path = join(folder, 'full');
  await using index = new LocalIndex(path, { durability: 'none', sealThreshold: 100 });
  const headBytes = 2_000_000;
  let largest = 0;
  const source: Source = {
    unit: 'row',
    fraction: undefined,
    async *items() {
      for (let row = 0; row < 6000; row++) {
        if (row % 100 === 99)
          largest = Math.max(largest, (await index.getPerformanceMetrics()).memory.head);
        const vector = Float32Array.from({ length: 256 }, (_, i) => Math.sin(row * 256 + i));
        yield { item: { vector }, place: row, bytes: 1024 };
      }
    },
    close: async () => undefined,
  };
  const { done } = await importItems(index, source, { ...plain, batch: 50, headBytes });
  expect(done).toBe(6000);
  expect(largest).toBeGreaterThan(0);
  // It is looked at now and then, and two batches are under way.
  expect(largest).toBeLessThan(headBytes * 1.75);
});

async function importing(
  source: Source,
  options: Partial<ImportOptions>,
): Promise<{ done: number; error?: unknown; kept: number }> {
  const path = join(folder, `index${made++}`);
  await using index = new LocalIndex(path, { durability: 'none' });
  const { done, error } = await importItems(index, source, {
    ...plain,
    ...options,
  });
  const kept = existsSync(path) ? (await index.listItems()).length : 0;
  return { done, error, kept };
}

test.each([5, 10, 25, 30, 31])('interrupted at row %d, whole batches are kept', async (stop) => {
  const controller = new AbortController();
  const source = sourceOf((row) => {
    if (row === stop) controller.abort(new Interrupted('stop'));
    return itemAt(row);
  });
  const { done, error, kept } = await importing(source, { signal: controller.signal });
  expect(error).toBeInstanceOf(Interrupted);
  expect(done).toBe(Math.floor(stop / 10) * 10);
  expect(kept).toBe(done);
});

test('a reader that fails while a batch is written: the batch is kept and counted', async () => {
  const source = sourceOf((row) => {
    if (row === 25) throw new Error('unreadable');
    return itemAt(row);
  });
  const { done, error, kept } = await importing(source, {});
  expect(error).toMatchObject({ message: 'unreadable' });
  expect({ done, kept }).toEqual({ done: 20, kept: 20 });
});

test('a batch that is refused ends it, though the next one is read already', async () => {
  const source = sourceOf((row) =>
    row === 13 ? { ...itemAt(row), item: { vector: [Number.NaN, 1] } } : itemAt(row),
  );
  const { done, error, kept } = await importing(source, {});
  expect(error).toMatchObject({
    code: 'INVALID_VECTOR',
    message: expect.stringMatching(/^F, row 13: The vector of this item \(id "13"\) has NaN/),
  });
  expect({ done, kept }).toEqual({ done: 10, kept: 10 });
});

test('no more is read than is needed', async () => {
  let asked = 0;
  const source = sourceOf((row) => {
    asked++;
    return itemAt(row);
  });
  expect(await importing(source, { limit: 17 })).toEqual({ done: 17, error: undefined, kept: 17 });
  expect(asked).toBe(17);
});

test('large items make small batches', async () => {
  const progress: number[] = [];
  const source = sourceOf((row) => ({ ...itemAt(row), bytes: 6 << 20 }));
  await importing(source, { limit: 9, onProgress: (done) => progress.push(done) });
  expect(progress).toEqual([0, 3, 6]);
});
