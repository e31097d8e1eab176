// Method: a file that forgets what was not flushed stands for a disk. After random operations and a crash, in which each
// write that was not flushed is kept or not, also half of it, a new pool must have what was synced, under the right names.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostFs, hostError } from '../../js/storage/host-fs.ts';
import { MemoryFs } from '../../js/storage/memory.ts';
import { Pool } from '../../js/storage/pool.ts';
import {
  copyOffsets,
  decodeRecord,
  encodeRecord,
  headerBytes,
  longestName,
  recordBytes,
} from '../../js/storage/pool-header.ts';
import { CrashingFile } from '../support/crashing-file.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function opened(files: readonly CrashingFile[]): Pool {
  const pool = poolOf(files);
  pool.makeFolder();
  return pool;
}

function poolOf(files: readonly CrashingFile[]): Pool {
  const pool = new Pool();
  for (const file of files) pool.add(file);
  return pool;
}

function contents(pool: Pool | MemoryFs): Map<string, string> {
  return new Map(
    (pool.list('f') as string[]).map((name) => {
      const fd = pool.openToRead(`f/${name}`);
      const into = new Uint8Array(pool.sizeOf(fd));
      expect(pool.readAt(fd, into, 0)).toBe(into.length);
      pool.close(fd);
      return [name, new TextDecoder().decode(into)];
    }),
  );
}

describe('records', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(
        fc.option(fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme' }), {
          nil: undefined,
        }),
        fc.nat(Number.MAX_SAFE_INTEGER),
        (name, generation) => {
          fc.pre(name === undefined || new TextEncoder().encode(name).length <= longestName);
          const encoded = encodeRecord({ name, generation }) as Uint8Array;
          expect(encoded).toHaveLength(recordBytes);
          expect(decodeRecord(encoded)).toEqual({ name, generation });
        },
      ),
    );
  });

  test('of names that do not fit are refused', () => {
    expect(encodeRecord({ name: 'x'.repeat(longestName), generation: 1 })).toBeDefined();
    expect(encodeRecord({ name: 'x'.repeat(longestName + 1), generation: 1 })).toBeUndefined();
    expect(encodeRecord({ name: '', generation: 1 })).toBeUndefined();
  });

  test('with any change are none, and any bytes are taken without harm', () => {
    const good = encodeRecord({ name: 'manifest', generation: 7 }) as Uint8Array;
    fc.assert(
      fc.property(fc.nat(recordBytes - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = good.slice();
        bad[at] = (bad[at] as number) ^ change;
        expect(decodeRecord(bad)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: recordBytes + 8 }), (any) => {
        expect(decodeRecord(any)).toBeUndefined();
      }),
    );
  });
});

const names = ['manifest', 'a.tmp', 'seg', 'log'];
const name = fc.constantFrom(...names);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    name,
    text: fc.string({ maxLength: 20 }),
    sync: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('rename' as const), name, to: name }),
  fc.record({ kind: fc.constant('remove' as const), name }),
  fc.record({ kind: fc.constant('exclusive' as const), name, text: fc.string({ maxLength: 20 }) }),
  fc.record({ kind: fc.constant('syncFolder' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function run(fs: Pool | MemoryFs, one: Step): number {
  if (one.kind === 'syncFolder') return (fs as HostFs).syncFolder('f');
  const path = `f/${one.name}`;
  if (one.kind === 'rename') return fs.rename(path, `f/${one.to}`);
  if (one.kind === 'remove') return fs.remove(path);
  if (one.kind === 'exclusive') return fs.createExclusive(path, bytes(one.text));
  const fd = fs.open(path);
  const status = fs.append(fd, bytes(one.text));
  if (one.sync) fs.sync(fd);
  fs.close(fd);
  return status;
}

describe('a pool', () => {
  test('does what a file system in memory does, also after it was closed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const files = Array.from({ length: 8 }, () => new CrashingFile());
        let pool = poolOf(files);
        const model = new MemoryFs();
        model.makeFolder('f');
        pool.makeFolder();
        for (const [i, one] of steps.entries()) {
          // Renaming to itself removes nothing in either.
          expect(Math.min(0, run(pool, one))).toBe(Math.min(0, run(model, one)));
          if (i % 10 === 9) {
            for (const file of files) file.flush();
            pool = poolOf(files);
          }
          expect(pool.names.sort()).toEqual((model.list('f') as string[]).sort());
        }
        pool.makeFolder();
        expect(contents(pool)).toEqual(contents(model));
      }),
      { numRuns: 300 },
    );
  });

  test('has after a crash what was synced: each name for what it stood for then or later', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.infiniteStream(fc.constantFrom(0 as const, 1 as const, 2 as const)),
        (steps, fates) => {
          const files = Array.from({ length: 10 }, () => new CrashingFile());
          const pool = poolOf(files);
          pool.makeFolder();
          /** What each name may have after a crash: the texts since the last time that all was synced; undefined: no file. */
          let possible = new Map<string, Set<string | undefined>>(
            names.map((each) => [each, new Set([undefined])]),
          );
          const all = new Set<string>();
          for (const one of steps) {
            const before = contents(pool);
            run(pool, one);
            if (one.kind === 'write' || one.kind === 'exclusive') all.add(one.text);
            const now = contents(pool);
            if (one.kind === 'syncFolder') {
              for (const each of pool.names) pool.syncFile(`f/${each}`);
              possible = new Map(names.map((each) => [each, new Set([now.get(each)])]));
            } else {
              for (const each of names) {
                possible.get(each)?.add(before.get(each));
                possible.get(each)?.add(now.get(each));
              }
            }
          }
          const settled = new Map([...possible].filter(([, texts]) => texts.size === 1));
          const left = files.map((file) => file.crash(() => fates.next().value as 0 | 1 | 2));
          const after = contents(opened(left));
          for (const [each, texts] of settled) expect(after.get(each)).toBe([...texts][0]);
          for (const each of after.keys()) expect(names).toContain(each);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('replaces a name so that a crash leaves the old or the new file, whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 }),
        fc.nat(40),
        fc.infiniteStream(fc.constantFrom(0 as const, 1 as const, 2 as const)),
        (texts, stop, fates) => {
          const files = Array.from({ length: 4 }, () => new CrashingFile());
          const pool = poolOf(files);
          let calls = 0;
          let done = -1;
          const go = (call: () => number): boolean => {
            if (calls++ >= stop) return false;
            expect(call()).toBeGreaterThanOrEqual(0);
            return true;
          };
          for (const [i, text] of texts.entries()) {
            let fd = 0;
            const whole =
              go(() => (fd = pool.open('f/manifest.tmp'))) &&
              go(() => pool.append(fd, bytes(text))) &&
              go(() => pool.sync(fd)) &&
              go(() => pool.close(fd)) &&
              go(() => pool.rename('f/manifest.tmp', 'f/manifest')) &&
              go(() => pool.syncFolder());
            if (!whole) break;
            done = i;
          }
          const left = files.map((file) => file.crash(() => fates.next().value as 0 | 1 | 2));
          const found = contents(opened(left)).get('manifest');
          const expected = [done >= 0 ? texts[done] : undefined];
          if (calls > stop) expected.push(texts[done + 1]);
          expect(expected).toContain(found);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('loses no synced file by giving it other names, whenever it crashes', () => {
    fc.assert(
      fc.property(
        fc.array(name, { maxLength: 6 }),
        fc.infiniteStream(fc.constantFrom(0 as const, 1 as const, 2 as const)),
        (others, fates) => {
          const files = Array.from({ length: 2 }, () => new CrashingFile());
          const pool = opened(files);
          pool.createExclusive('f/first', bytes('kept'));
          let now = 'first';
          for (const other of others) {
            expect(pool.rename(`f/${now}`, `f/${other}`)).toBe(0);
            now = other;
          }
          const left = files.map((file) => file.crash(() => fates.next().value as 0 | 1 | 2));
          expect([...contents(opened(left)).values()]).toEqual(['kept']);
        },
      ),
    );
  });

  test('never shows what a removed file had under another name', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.infiniteStream(fc.constantFrom(0 as const, 1 as const, 2 as const)),
        (isRead, fates) => {
          const files = [new CrashingFile()];
          const pool = opened(files);
          pool.createExclusive('f/old', bytes('old'));
          const fd = isRead ? pool.openToRead('f/old') : -1;
          pool.remove('f/old');
          if (isRead) {
            pool.sync(fd);
            pool.close(fd);
          }
          pool.close(pool.open('f/new'));
          const left = files.map((file) => file.crash(() => fates.next().value as 0 | 1 | 2));
          expect(contents(opened(left)).get('new') ?? '').toBe('');
        },
      ),
    );
  });

  test('of files with anything in them opens', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            header: fc.uint8Array({ maxLength: 600 }),
            name: fc.option(name, { nil: undefined }),
            copy: fc.constantFrom(0 as const, 1 as const),
            generation: fc.nat(5),
            content: fc.uint8Array({ maxLength: 50 }),
          }),
          { maxLength: 8 },
        ),
        (given) => {
          const files = given.map(({ header, name: called, copy, generation, content }) => {
            const file = new CrashingFile();
            file.write(header, { at: copyOffsets[copy === 0 ? 1 : 0] });
            const record = encodeRecord({ name: called, generation }) as Uint8Array;
            file.write(record, { at: copyOffsets[copy] });
            file.write(content, { at: headerBytes });
            return file;
          });
          const pool = poolOf(files);
          const named = new Set(given.flatMap(({ name: called }) => called ?? []));
          expect(new Set(pool.names)).toEqual(named);
          expect(pool.spare).toBe(given.length - named.size);
        },
      ),
    );
  });

  test('keeps a file that is read until it is closed', () => {
    const files = Array.from({ length: 3 }, () => new CrashingFile());
    const pool = poolOf(files);
    pool.createExclusive('f/a', bytes('one'));
    const fd = pool.openToRead('f/a');
    expect(pool.remove('f/a')).toBe(0);
    expect(pool.spare).toBe(2);
    const into = new Uint8Array(3);
    expect(pool.readAt(fd, into, 0)).toBe(3);
    expect(into).toEqual(bytes('one'));
    expect(pool.close(fd)).toBe(0);
    expect(pool.spare).toBe(3);
  });

  test('says when the quota is used up, and keeps what was there', () => {
    const files = Array.from({ length: 3 }, () => new CrashingFile());
    const pool = poolOf(files);
    const fd = pool.open('f/log');
    expect(pool.append(fd, bytes('one'))).toBe(0);
    CrashingFile.room = 2;
    try {
      expect(pool.append(fd, bytes('three'))).toBe(hostError.noSpace);
      expect(pool.lastMessage()).toContain('quota');
      expect(pool.sizeOf(fd)).toBe(3);
      expect(pool.rename('f/log', 'f/other')).toBe(0);
      expect(pool.remove('f/other')).toBe(0);
    } finally {
      CrashingFile.room = Number.POSITIVE_INFINITY;
    }
  });
});
