import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readTar, tarEnd, tarHeader, tarPadding } from '../../js/archive/tar.ts';
import type { LocalIndex } from '../../js/index.ts';
import { errorOf, randomVectors } from './helpers.ts';
import type { Subject } from './subject.ts';

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** An archive of these files. */
export function tarOf(files: Iterable<readonly [string, Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [name, bytes] of files)
    parts.push(tarHeader(name, bytes.length), bytes, new Uint8Array(tarPadding(bytes.length)));
  parts.push(tarEnd);
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Indexes as one file, whatever engine runs them. */
export function archiveSuite(subject: Subject): void {
  const { backend, files, LocalIndex, newFolder } = subject;
  describe(`archives on ${subject.name}`, () => {
    let folder: string;
    let target: string;
    let remove: () => Promise<void>;
    let index: LocalIndex;
    const opened: LocalIndex[] = [];
    const vectors = randomVectors(1500, 24, 17);

    const kept = <T extends LocalIndex>(made: T): T => {
      opened.push(made);
      return made;
    };
    /** Whether nothing is left of what was not made. */
    const isNothing = async (): Promise<boolean> =>
      (await files.list(target).catch(() => [])).length === 0 &&
      !(await kept(new LocalIndex(target, { backend })).isIndexCreated());

    beforeEach(async () => {
      ({ folder, remove } = await newFolder());
      target = `${folder} copy`;
      index = kept(new LocalIndex(folder, { backend, metric: 'l2' }));
      await index.createIndex({ version: 5 });
      await index.insertItems(
        vectors.slice(0, 1400).map((vector, n) => ({ id: `id${n}`, vector })),
      );
      await index.optimize();
      await index.insertItems(vectors.slice(1400).map((vector, n) => ({ id: `more${n}`, vector })));
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
      await remove();
    });

    test('are what the index was when they were begun, and become it again', async () => {
      const items = await index.listItems();
      const archive = await bytesOf(index.exportArchive());
      await index.deleteItem('id1');
      const progress: { done: number; total?: number }[] = [];
      const copy = kept(
        await LocalIndex.importArchive(archive, target, {
          backend,
          onProgress: (each) => progress.push(each),
        }),
      );
      expect(copy.folderPath).toBe(target);
      expect(await copy.listItems()).toEqual(items);
      expect(await copy.getIndexStats()).toMatchObject({ version: 5, metric: 'l2', items: 1500 });
      expect(await copy.verify()).toMatchObject({ ok: true });
      expect(progress.at(-1)).toEqual({ done: archive.length, total: archive.length });
      await copy.insertItem({ id: 'new', vector: vectors[0] as Float32Array });
      const again = await errorOf(() => LocalIndex.importArchive(archive, target, { backend }));
      expect(again.code).toBe('INDEX_EXISTS');
      expect(await copy.listItems()).toHaveLength(1501);
    });

    test('come from streams, iterables and Blobs, in pieces of any size', async () => {
      const blob = await index.exportBlob();
      expect(blob.type).toBe('application/x-tar');
      const bytes = new Uint8Array(await blob.arrayBuffer());
      const sources = [blob, blob.stream(), inPieces(bytes, 1000), inPieces(bytes, 70_001)];
      for (const [i, source] of sources.entries()) {
        const copy = kept(await LocalIndex.importArchive(source, `${target}${i}`, { backend }));
        expect(await copy.verify()).toMatchObject({ ok: true, items: 1500 });
      }
    });

    test('hold the files of the folder, and nothing else', async () => {
      const names: string[] = [];
      for await (const { name } of readTar(inPieces(await bytesOf(index.exportArchive()), 4096)))
        names.push(name);
      expect(names.at(-1)).toBe('manifest');
      for (const name of names.slice(0, -1)) expect(name).toMatch(/^(log|seg)-\d+\.(qlog|qseg)$/);
    });

    test('that are damaged, cut off, or of something else are refused, and leave nothing', async () => {
      const archive = await bytesOf(index.exportArchive());
      const entries: [string, Uint8Array][] = [];
      for await (const { name, bytes, size } of readTar(inPieces(archive, 1 << 16))) {
        const content = new Uint8Array(size);
        let at = 0;
        for await (const piece of bytes) {
          content.set(piece, at);
          at += piece.length;
        }
        entries.push([name, content]);
      }
      const damaged = entries.map(([name, bytes]): [string, Uint8Array] => {
        if (!name.startsWith('seg-')) return [name, bytes];
        const changed = bytes.slice();
        changed[7000] = (changed[7000] as number) ^ 0xff;
        return [name, changed];
      });
      const bad: Uint8Array[] = [
        tarOf(damaged),
        archive.subarray(0, archive.length - 2000),
        archive.subarray(0, 700),
        new Uint8Array(0),
        new TextEncoder().encode('{"no": "archive"}'.repeat(100)),
        tarOf(entries.filter(([name]) => name !== 'manifest')),
        tarOf(entries.filter(([name]) => !name.startsWith('seg-'))),
        tarOf([...entries, ['manifest', new Uint8Array(10)]]),
        tarOf([...entries, ['../outside', new Uint8Array(10)]]),
        tarOf([['/etc/manifest', new Uint8Array(10)], ...entries]),
        tarOf([['seg-000001.qseg.tmp', new Uint8Array(10)], ...entries]),
      ];
      for (const bytes of bad) {
        const error = await errorOf(() => LocalIndex.importArchive(bytes, target, { backend }));
        expect(error.code).toMatch(/^(CORRUPT_FILE|MISSING_FILE|UNSUPPORTED_FORMAT)$/);
        expect(await isNothing()).toBe(true);
      }
      expect((await errorOf(() => LocalIndex.importArchive(7 as never, target))).code).toBe(
        'INVALID_ARGUMENT',
      );
      // What other programs put into archives does no harm.
      const folderEntry = tarHeader('./', 0);
      folderEntry[156] = 0x35;
      folderEntry.fill(0x20, 148, 156);
      const sum = folderEntry.reduce((total, byte) => total + byte, 0);
      folderEntry.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
      const dotted = tarOf([
        ...entries.map(([name, bytes]) => [`./${name}`, bytes] as const),
        ['./lock-000001', new Uint8Array(40)],
      ]);
      const whole = new Uint8Array(512 + dotted.length);
      whole.set(folderEntry);
      whole.set(dotted, 512);
      const copy = kept(await LocalIndex.importArchive(whole, target, { backend }));
      expect(await copy.verify()).toMatchObject({ ok: true, items: 1500 });
    });

    test('that are not wanted any more leave nothing', async () => {
      const archive = await bytesOf(index.exportArchive());
      const reason = new Error('enough');
      const stop = new AbortController();
      const importing = LocalIndex.importArchive(inPieces(archive, 10_000), target, {
        backend,
        signal: stop.signal,
        onProgress: ({ done }) => {
          if (done > archive.length / 2) stop.abort(reason);
        },
      });
      await expect(importing).rejects.toBe(reason);
      expect(await isNothing()).toBe(true);
      // A source that fails says why.
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield archive.subarray(0, 5000);
        throw reason;
      };
      await expect(LocalIndex.importArchive(failing(), target, { backend })).rejects.toBe(reason);
      expect(await isNothing()).toBe(true);
      const reader = index.exportArchive().getReader();
      await reader.read();
      await reader.cancel();
      expect(await index.verify()).toMatchObject({ ok: true });
    });
  });
}
