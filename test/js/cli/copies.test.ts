// snapshot, restore and repair as they are called, in this process.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withCopyProgress } from '../../../js/cli/copy-progress.ts';
import { Interrupted } from '../../../js/cli/failure.ts';
import { LocalIndex } from '../../../js/index.ts';
import { fileOf, quiver, scratchFolder } from './helpers.ts';

const folder = scratchFolder();
let made = 0;

/** An index of items in a segment and in the log. */
async function newIndex(items = 300): Promise<string> {
  const path = join(folder, `index${made++}`);
  const lines = Array.from(
    { length: items },
    (_, i) => `{"id":"id${i}","vector":[${i},${i * 2},1],"metadata":{"i":${i}}}\n`,
  );
  const file = fileOf(folder, '.jsonl', lines.join(''));
  expect((await quiver(['import', file, path, '--optimize'])).status).toBe(0);
  await using index = new LocalIndex(path);
  await index.insertItem({ id: 'last', vector: [1, 1, 1] });
  return path;
}

async function count(path: string): Promise<number> {
  await using index = new LocalIndex(path, { readOnly: true });
  return (await index.getIndexStats()).items;
}

function damage(path: string, kind: string, at: number): string {
  const name = readdirSync(path).find((each) => each.startsWith(kind)) as string;
  const content = readFileSync(join(path, name));
  content[at] = (content[at] as number) ^ 0xff;
  writeFileSync(join(path, name), content);
  return name;
}

test('snapshot makes an index of its own, also with a base', async () => {
  const index = await newIndex();
  const target = `${index}-snapshot`;
  const { status, out } = await quiver(['snapshot', index, target]);
  expect(status).toBe(0);
  expect(out).toMatch(/^\d+ files, \d+ of them shared, [\d.]+ k?B copied\n$/);
  expect(await count(target)).toBe(301);
  const json = await quiver(['snapshot', index, `${target}2`, '--base', target, '--json']);
  expect(JSON.parse(json.out)).toEqual({
    files: expect.any(Number),
    linkedFiles: expect.any(Number),
    bytesCopied: expect.any(Number),
  });
  expect(await quiver(['snapshot', index, target])).toEqual({
    status: 1,
    out: '',
    err: 'quiver: INDEX_EXISTS: Index already exists\n',
  });
});

test('restore makes an index, or makes one that is there what the snapshot is', async () => {
  const index = await newIndex();
  const target = `${index}-snapshot`;
  await quiver(['snapshot', index, target]);
  {
    await using changed = new LocalIndex(index);
    await changed.deleteItems(['id1', 'id2', 'last']);
  }
  const { status, out } = await quiver(['restore', target, index]);
  expect(status).toBe(0);
  expect(out).toMatch(/files/);
  expect(await count(index)).toBe(301);
  const fresh = `${index}-fresh`;
  expect((await quiver(['restore', target, fresh, '--json'])).status).toBe(0);
  expect(await count(fresh)).toBe(301);
  expect((await quiver(['verify', fresh])).status).toBe(0);
  for (const to of [index, `${index}-new`]) {
    expect(await quiver(['restore', `${index}-none`, to])).toMatchObject({
      status: 1,
      err: 'quiver: INDEX_NOT_FOUND: Index does not exist\n',
    });
  }
  // A process on another host, which counts as alive.
  writeFileSync(join(index, 'lock-999999'), 'held\n1\n1\nelsewhere\n');
  expect((await quiver(['restore', target, index])).err).toMatch(/^quiver: LOCKED: /);
  expect((await quiver(['repair', index])).err).toMatch(/^quiver: LOCKED: /);
});

test('repair leaves an index in which nothing is wrong', async () => {
  const index = await newIndex();
  const before = readdirSync(index);
  expect(await quiver(['repair', index])).toEqual({
    status: 0,
    out: 'ok: 301 items, nothing is wrong\n',
    err: '',
  });
  expect(readdirSync(index)).toEqual(before);
  expect(existsSync(`${index}.repaired`)).toBe(false);
  expect(existsSync(`${index}.damaged`)).toBe(false);
});

test('repair puts the repaired index in the place of the damaged one', async () => {
  const index = await newIndex();
  const name = damage(index, 'seg-', 4096 + 10);
  const { status, out } = await quiver(['repair', `${index}/`]);
  expect(status).toBe(1);
  expect(out).toContain(`${name} is corrupt: block 0 of section 2`);
  expect(out).toContain('lost, among others: id0, id1, id10, ');
  expect(out).toContain(`1 items saved in ${index}, 300 known to be lost\n`);
  expect(out).toContain(`the damaged index is in ${index}.damaged\n`);
  expect(await count(index)).toBe(1);
  expect((await quiver(['verify', index])).status).toBe(0);
  expect((await quiver(['verify', `${index}.damaged`])).status).toBe(1);
  // Not twice over what was saved before.
  damage(index, 'manifest', 30);
  expect((await quiver(['repair', index])).err).toContain(
    `quiver: INDEX_EXISTS: ${index}.damaged is in the way`,
  );
});

test('repair --to leaves the damaged index where it is', async () => {
  const index = await newIndex();
  damage(index, 'manifest', 30);
  const target = `${index}-saved`;
  const { status, out } = await quiver(['repair', index, '--to', target, '--json']);
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ itemsKept: 301, itemsLost: 0, ids: [] });
  expect(await count(target)).toBe(301);
  expect(existsSync(`${index}.damaged`)).toBe(false);
  expect((await quiver(['verify', index])).status).toBe(1);
  expect((await quiver(['repair', index, '--to', target])).err).toMatch(/^quiver: INDEX_EXISTS: /);
  expect((await quiver(['repair', `${index}-none`])).err).toMatch(/^quiver: INDEX_NOT_FOUND: /);
  expect(existsSync(`${index}-none.repaired`)).toBe(false);
});

test('a terminal sees how far the copy is', async () => {
  const index = await newIndex();
  const target = join(folder, 'growing');
  let seen = '';
  const terminal = {
    out: { write: () => true },
    err: { isTTY: true, columns: 80, write: (text: string) => (seen += text) },
    interrupted: () => new AbortController().signal,
  };
  const work = async (): Promise<string> => {
    await new LocalIndex(index, { readOnly: true }).snapshot(target);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return 'done';
  };
  expect(await withCopyProgress(terminal, index, target, work)).toBe('done');
  expect(seen).toMatch(/[\d,]+ bytes · [\d,]+ bytes\/s · \d+%/);
  expect(seen.endsWith('\r\u001b[K')).toBe(true);
});

test('a tar is the index as a whole, and becomes one again, by tar too', async () => {
  const index = await newIndex();
  const tar = `${index}.tar`;
  const exported = await quiver(['export', index, tar]);
  expect(exported).toMatchObject({ status: 0, err: '' });
  expect(exported.out).toMatch(/^exported the index to .*\.tar, [\d.]+ k?B\n$/);
  const imported = await quiver(['import', tar, `${index}-2`]);
  expect(imported).toMatchObject({ status: 0, out: 'imported an index of 301 items\n' });
  expect((await quiver(['verify', `${index}-2`])).status).toBe(0);
  mkdirSync(`${index}-3`);
  execFileSync('tar', ['-xf', tar, '-C', `${index}-3`]);
  expect(await count(`${index}-3`)).toBe(301);
  expect((await quiver(['import', tar, `${index}-3`])).err).toMatch(/^quiver: INDEX_EXISTS: /);
  for (const wrong of [
    ['import', tar, `${index}-4`, '--limit', '3'],
    ['export', index, tar, '--no-vectors'],
  ])
    expect((await quiver(wrong)).err).toContain('a tar is an index as a whole');
  writeFileSync(tar, readFileSync(tar).subarray(0, 3000));
  expect((await quiver(['import', tar, `${index}-4`])).err).toMatch(/^quiver: CORRUPT_FILE: /);
  const files = readdirSync(folder);
  const stopped = await quiver(
    ['export', index, `${index}-5.tar`],
    AbortSignal.abort(new Interrupted()),
  );
  expect(stopped.status).toBe(130);
  expect(
    (await quiver(['import', tar, `${index}-4`], AbortSignal.abort(new Interrupted()))).status,
  ).toBe(130);
  expect(readdirSync(folder)).toEqual(files);
});
