import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTar, tarHeader } from '../../js/archive/tar.ts';
import { QuiverError } from '../../js/errors.ts';
import { tarOf } from '../conformance/archive.suite.ts';

async function* pieces(bytes: Uint8Array, sizes: Iterator<number>): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const size = sizes.next().value as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function entriesOf(
  archive: Uint8Array,
  sizes: Iterator<number> = [archive.length][Symbol.iterator](),
): Promise<[string, Buffer][]> {
  const entries: [string, Buffer][] = [];
  for await (const { name, size, bytes } of readTar(pieces(archive, sizes))) {
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part.slice());
    const content = Buffer.concat(parts);
    expect(content).toHaveLength(size);
    entries.push([name, content]);
  }
  return entries;
}

const file = fc.tuple(fc.stringMatching(/^[a-z0-9.-]{1,90}$/), fc.uint8Array({ maxLength: 2000 }));

test('what was packed comes out, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 1500 })),
      async (files, sizes) => {
        const expected = files.map(([name, bytes]) => [name, Buffer.from(bytes)]);
        expect(await entriesOf(tarOf(files), sizes)).toEqual(expected);
      },
    ),
  );
});

test('any bytes are refused, or read without harm', async () => {
  const good = tarOf([
    ['manifest', new Uint8Array(600).fill(7)],
    ['log-000001.qlog', new Uint8Array(3)],
  ]);
  const check = async (bytes: Uint8Array): Promise<void> => {
    try {
      await entriesOf(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(QuiverError);
      expect(error).toMatchObject({ code: 'CORRUPT_FILE' });
    }
  };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), check));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(good.length - 1),
      fc.nat(255),
      fc.nat(good.length),
      async (at, value, end) => {
        const bad = good.slice(0, Math.max(1, end));
        if (at < bad.length) bad[at] = value;
        await check(bad);
      },
    ),
    { numRuns: 500 },
  );
});

test('sizes that octal digits are not enough for', async () => {
  for (const size of [8 ** 11 - 1, 8 ** 11, 2 ** 45 + 17]) {
    const header = tarHeader('seg-000001.qseg', size);
    for await (const entry of readTar(pieces(header, [512][Symbol.iterator]()))) {
      expect(entry.size).toBe(size);
      break;
    }
  }
});

test("the system's tar reads ours, and we read its", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quiver-tar-'));
  try {
    const files: [string, Uint8Array][] = [
      ['manifest', new Uint8Array(512).fill(1)],
      ['seg-000001.qseg', new Uint8Array(100_001).fill(2)],
      ['empty', new Uint8Array(0)],
    ];
    writeFileSync(join(folder, 'ours.tar'), tarOf(files));
    execFileSync('tar', ['-xf', 'ours.tar'], { cwd: folder });
    for (const [name, bytes] of files)
      expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
    execFileSync('tar', ['-cf', 'its.tar', ...files.map(([name]) => `./${name}`)], { cwd: folder });
    expect(await entriesOf(readFileSync(join(folder, 'its.tar')))).toEqual(
      files.map(([name, bytes]) => [`./${name}`, Buffer.from(bytes)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
