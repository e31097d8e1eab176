import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IndexItem, LocalIndex } from '../../js/index.ts';
import { errorOf, randomVectors } from './helpers.ts';
import type { Subject } from './subject.ts';

interface Meta {
  n?: number;
}

/** Repairing and restoring, whatever engine runs it. */
export function repairSuite(subject: Subject): void {
  const { backend, files, LocalIndex, newFolder } = subject;
  describe(`repair and restore on ${subject.name}`, () => {
    let folder: string;
    let remove: () => Promise<void>;
    let index: LocalIndex<Meta>;
    const opened: LocalIndex<Meta>[] = [];
    const vectors = randomVectors(1300, 24, 5);

    const open = (path: string): LocalIndex<Meta> => {
      const made = new LocalIndex<Meta>(path, { backend, durability: 'none' });
      opened.push(made);
      return made;
    };
    const itemsOf = async (of: LocalIndex<Meta>): Promise<Map<string, IndexItem<Meta>>> =>
      new Map((await of.listItems()).map((item) => [item.id, item]));
    const fileNames = async (path: string): Promise<string[]> =>
      (await files.list(path)).filter((name) => !name.startsWith('lock-')).sort();
    const damage = async (kind: string, at: (size: number) => number): Promise<string> => {
      const name = (await files.list(folder)).find((each) => each.startsWith(kind)) as string;
      const content = await files.read(folder, name);
      const place = at(content.length);
      content[place] = (content[place] as number) ^ 0xff;
      await files.write(folder, name, content);
      return name;
    };

    beforeEach(async () => {
      ({ folder, remove } = await newFolder());
      index = open(folder);
      await index.createIndex({ metric: 'l2', version: 3 });
      await index.insertItems(
        vectors.slice(0, 1200).map((vector, n) => ({ id: `id${n}`, vector, metadata: { n } })),
      );
      await index.optimize();
      await index.deleteItems(['id3', 'id4']);
      await index.upsertItems(
        vectors.slice(1190).map((vector, n) => ({ id: `id${n + 1190}`, vector })),
      );
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await remove();
    });

    test('a sound index is copied', async () => {
      const items = await itemsOf(index);
      await index.close();
      const target = `${folder} repaired ä`;
      expect(await LocalIndex.repair(folder, target, { backend })).toEqual({
        itemsKept: 1298,
        itemsLost: 0,
        problems: [],
        ids: [],
        filesKept: 1,
        bytesCopied: expect.any(Number),
      });
      const repaired = open(target);
      expect(await itemsOf(repaired)).toEqual(items);
      expect((await repaired.getIndexStats()).version).toBe(3);
      expect((await repaired.verify()).ok).toBe(true);
      await repaired.insertItem({ id: 'more', vector: vectors[0] as Float32Array });
    });

    test('what is whole is saved, what is lost is told', async () => {
      const items = await itemsOf(index);
      await index.close();
      // In the middle of the vectors, which are first and the most.
      const name = await damage('seg-', () => 4096 + 70_000);
      const before = await Promise.all(
        (await fileNames(folder)).map((each) => files.read(folder, each)),
      );
      const target = `${folder}-repaired`;
      const report = await LocalIndex.repair(folder, target, { backend });
      expect(report.itemsKept + report.itemsLost).toBe(1298);
      expect(report.itemsLost).toBeGreaterThan(100);
      expect(report.itemsLost).toBeLessThan(700);
      expect(report.problems.join('\n')).toContain(name);
      expect(report.ids).toHaveLength(100);
      const repaired = open(target);
      const kept = await itemsOf(repaired);
      expect(kept.size).toBe(report.itemsKept);
      for (const [id, item] of kept) expect(item).toEqual(items.get(id));
      for (const id of report.ids) expect(kept.has(id)).toBe(false);
      expect((await repaired.verify()).ok).toBe(true);
      const after = await Promise.all(
        (await fileNames(folder)).map((each) => files.read(folder, each)),
      );
      expect(after).toEqual(before);
    });

    test('neither the manifest nor the graph is needed', async () => {
      const items = await itemsOf(index);
      await index.close();
      await files.remove(folder, 'manifest');
      await damage('seg-', (size) => Math.floor(size * 0.8));
      const target = `${folder}-repaired`;
      const report = await LocalIndex.repair(folder, target, { backend });
      expect(report.itemsLost).toBe(0);
      expect(report.problems.join('\n')).toContain('manifest is missing');
      const repaired = open(target);
      const kept = await itemsOf(repaired);
      for (const [id, item] of items) expect(kept.get(id)).toEqual(item);
      const { metric, dimensions } = await repaired.getIndexStats();
      expect({ metric, dimensions }).toEqual({ metric: 'l2', dimensions: 24 });
      await repaired.optimize();
      const [segment] = (await repaired.getPerformanceMetrics()).segments;
      expect(segment?.graph).toBe(true);
    });

    test('repair refuses what it cannot do', async () => {
      const repair = (from: string, to: string, options = { backend }): Promise<string> =>
        errorOf(() => LocalIndex.repair(from, to, options)).then(({ code }) => code);
      expect(await repair(folder, folder)).toBe('INDEX_EXISTS');
      expect(await repair(folder, `${folder}-b`)).toBe('LOCKED'); // this process writes
      await index.close();
      expect(await repair(`${folder}-none`, `${folder}-b`)).toBe('INDEX_NOT_FOUND');
      expect(await repair('', folder)).toBe('INVALID_ARGUMENT');
      expect(await repair(folder, '')).toBe('INVALID_ARGUMENT');
      expect(await repair(folder, 'x', { bakend: 'wasm' } as never)).toBe('INVALID_ARGUMENT');
    });

    test('a snapshot is restored at once, and others follow', async () => {
      const before = await itemsOf(index);
      const target = `${folder}-snapshot`;
      await index.snapshot(target);
      const reader = open(folder);
      await index.deleteItems(['id7', 'id1195']);
      await index.insertItem({ id: 'later', vector: vectors[0] as Float32Array });
      await index.optimize();
      const changed = await itemsOf(index);
      const running = reader.listItemsStream({ batchSize: 500 })[Symbol.asyncIterator]();
      const first = await running.next();

      // Writes before it are undone, those after it are not, awaited or not.
      const order = [
        index.insertItem({ id: 'before', vector: vectors[1] as Float32Array }),
        index.restore(target),
        index.insertItem({ id: 'after', vector: vectors[1] as Float32Array }),
      ] as const;
      const restored = await order[1];
      await Promise.all(order);
      expect(restored.files).toBeGreaterThan(0);
      expect(restored.linkedFiles).toBeLessThanOrEqual(restored.files);
      const now = await itemsOf(index);
      expect(now.delete('after')).toBe(true);
      expect(now).toEqual(before);
      expect((await index.verify()).ok).toBe(true);
      await reader.refresh();
      expect((await itemsOf(reader)).size).toBe(before.size + 1);
      let seen = first.value?.length ?? 0;
      for (;;) {
        const batch = await running.next();
        if (batch.done === true) break;
        seen += batch.value.length;
      }
      expect(seen).toBe(changed.size);

      await Promise.all([index.close(), reader.close()]);
      const again = open(folder);
      expect((await itemsOf(again)).size).toBe(before.size + 1);
      expect((await again.getIndexStats()).version).toBe(3);
      // Only the files of the restored state are left, and the snapshot is as it was.
      await again.insertItem({ id: 'writer', vector: vectors[2] as Float32Array });
      const segments = (await again.getPerformanceMetrics()).segments.map(({ file }) => file);
      expect((await fileNames(folder)).filter((name) => name.startsWith('seg-'))).toEqual(
        segments.sort(),
      );
      expect(await itemsOf(open(target))).toEqual(before);
    });

    test('what is no snapshot of this index is refused', async () => {
      const other = `${folder}-other`;
      const cosine = open(other);
      await cosine.createIndex();
      const refused = await errorOf(() => index.restore(other));
      expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT', details: { folder: other } });
      expect(refused.message).toContain('cosine');
      await cosine.createIndex({ metric: 'l2', deleteIfExists: true });
      await cosine.insertItem({ id: 'a', vector: [1, 2] });
      expect((await errorOf(() => index.restore(other))).code).toBe('DIMENSION_MISMATCH');
      expect((await errorOf(() => index.restore(`${folder}-none`))).code).toBe('INDEX_NOT_FOUND');
      expect((await errorOf(() => index.restore(''))).code).toBe('INVALID_ARGUMENT');
      const reader = new LocalIndex(folder, { backend, readOnly: true });
      expect((await errorOf(() => reader.restore(other))).code).toBe('READ_ONLY');
      await reader.close();
      expect((await index.getIndexStats()).items).toBe(1298);
    });
  });
}
