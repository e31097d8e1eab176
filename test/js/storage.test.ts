import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type HostFs, hostError } from '../../js/storage/host-fs.ts';
import { MemoryFs } from '../../js/storage/memory.ts';
import { NodeFs } from '../../js/storage/node-fs.ts';
import { RoutedFs } from '../../js/storage/routed-fs.ts';

const root = mkdtempSync(join(tmpdir(), 'quiver-fs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function text(fs: HostFs, path: string): string {
  const fd = fs.openToRead(path);
  expect(fd).toBeGreaterThan(0);
  const into = new Uint8Array(fs.sizeOf(fd));
  expect(into).toHaveLength(fs.size(path));
  expect(fs.readAt(fd, into, 0)).toBe(into.length);
  expect(fs.close(fd)).toBe(0);
  return new TextDecoder().decode(into);
}

function routed(): RoutedFs {
  const [memory, disk] = [new MemoryFs(), new NodeFs()];
  return new RoutedFs((folder) => (folder.startsWith('memory:') ? memory : disk), disk);
}

describe.each<[string, HostFs, string]>([
  ['memory', new MemoryFs(), 'any/where'],
  ['node:fs', new NodeFs(), join(root, 'node', 'deep')],
  ['routed to memory', routed(), 'memory:x'],
  ['routed to node:fs', routed(), join(root, 'routed')],
])('%s', (_name, fs, folder) => {
  test('files of several megabytes, written and read in pieces of any length', () => {
    const all = Uint8Array.from({ length: 3_500_000 }, (_, i) => (i * 2654435761) >>> 24);
    expect(fs.makeFolder(folder)).toBe(0);
    const path = `${folder}/large`;
    const out = fs.open(path);
    for (let at = 0, length = 1; at < all.length; at += length, length = length * 3 + 1)
      expect(fs.append(out, all.subarray(at, at + length))).toBe(0);
    expect(fs.close(out)).toBe(0);
    const fd = fs.openToRead(path);
    expect(fs.sizeOf(fd)).toBe(all.length);
    for (const [from, to] of [
      [0, all.length],
      [1_000_000, 3_200_000],
      [1_048_575, 1_048_577],
      [1_048_576, 2_097_152],
      [3_499_999, 3_500_000],
    ] as const) {
      const into = new Uint8Array(to - from);
      expect(fs.readAt(fd, into, from)).toBe(into.length);
      expect(Buffer.compare(into, all.subarray(from, to))).toBe(0);
    }
    const beyond = new Uint8Array(10);
    expect(fs.readAt(fd, beyond, all.length - 4)).toBe(4);
    expect(fs.readAt(fd, beyond, all.length + 4)).toBe(0);
    expect(fs.close(fd)).toBe(0);
    expect(fs.remove(path)).toBe(0);
    expect(fs.removeFolder(folder)).toBe(0);
  });

  test('what a folder and its files can do', () => {
    expect(fs.exists(folder)).toBe(0);
    expect(fs.list(folder)).toBe(hostError.missing);
    expect(fs.makeFolder(folder)).toBe(0);
    expect(fs.makeFolder(folder)).toBe(0);
    expect(fs.exists(folder)).toBe(1);

    const fd = fs.open(`${folder}/a`);
    expect(fd).toBeGreaterThan(0);
    expect(fs.append(fd, bytes('one '))).toBe(0);
    expect(fs.append(fd, bytes('two'))).toBe(0);
    expect(fs.sync(fd)).toBe(0);
    expect(fs.close(fd)).toBe(0);
    expect(text(fs, `${folder}/a`)).toBe('one two');

    expect(Number.isSafeInteger(fs.modified(`${folder}/a`))).toBe(true);
    expect(Math.abs(fs.modified(`${folder}/a`) - Date.now())).toBeLessThan(60_000);

    const reader = fs.openToRead(`${folder}/a`);
    const part = new Uint8Array(3);
    expect(fs.readAt(reader, part, 0)).toBe(3);
    expect(part).toEqual(bytes('one'));
    expect(fs.readAt(reader, part, 4)).toBe(3);
    expect(part).toEqual(bytes('two'));
    expect(fs.readAt(reader, new Uint8Array(20), 5)).toBe(2);
    expect(fs.readAt(reader, part, 7)).toBe(0);
    expect(fs.readAt(reader, part, 100)).toBe(0);

    const other = fs.open(`${folder}/other`);
    fs.append(other, bytes('else'));
    fs.close(other);
    expect(fs.rename(`${folder}/other`, `${folder}/a`)).toBe(0);
    expect(fs.sizeOf(reader)).toBe(7);
    expect(fs.readAt(reader, part, 4)).toBe(3);
    expect(part).toEqual(bytes('two'));
    expect(fs.close(reader)).toBe(0);
    expect(text(fs, `${folder}/a`)).toBe('else');

    const again = fs.open(`${folder}/a`);
    fs.append(again, bytes('new'));
    fs.close(again);
    expect(text(fs, `${folder}/a`)).toBe('new');

    expect(fs.createExclusive(`${folder}/b`, bytes('lock'))).toBe(0);
    expect(fs.createExclusive(`${folder}/b`, bytes('other'))).toBe(hostError.exists);
    expect(fs.lastMessage()).not.toBe('');
    expect(text(fs, `${folder}/b`)).toBe('lock');
    expect((fs.list(folder) as string[]).sort()).toEqual(['a', 'b']);

    expect(fs.rename(`${folder}/a`, `${folder}/b`)).toBe(0);
    expect(text(fs, `${folder}/b`)).toBe('new');
    expect(fs.exists(`${folder}/a`)).toBe(0);
    expect(fs.syncFile(`${folder}/b`)).toBe(0);
    expect(fs.syncFolder(folder)).toBe(0);
    expect(fs.removeFolder(folder)).toBeLessThan(0);
    expect(fs.remove(`${folder}/b`)).toBe(0);
    expect(fs.remove(`${folder}/b`)).toBe(hostError.missing);
    expect(fs.removeFolder(folder)).toBe(0);
    expect(fs.exists(folder)).toBe(0);
  });

  test('what is missing, and descriptors that are closed', () => {
    expect(fs.size(`${folder}/none`)).toBe(hostError.missing);
    expect(fs.openToRead(`${folder}/none`)).toBe(hostError.missing);
    expect(fs.modified(`${folder}/none`)).toBe(hostError.missing);
    expect(fs.syncFile(`${folder}/none`)).toBe(hostError.missing);
    expect(fs.sizeOf(99_999)).toBeLessThan(0);
    expect(fs.readAt(99_999, new Uint8Array(1), 0)).toBeLessThan(0);
    expect(fs.rename(`${folder}/none`, `${folder}/x`)).toBe(hostError.missing);
    expect(fs.append(99_999, bytes('x'))).toBeLessThan(0);
    expect(fs.sync(99_999)).toBeLessThan(0);
  });
});

test('owners: this process lives, one that cannot be does not, another machine may', () => {
  const fs = new NodeFs();
  const start = fs.ownerStart();
  expect(fs.ownerAlive(process.pid, start, fs.ownerHost())).toBe(1);
  expect(fs.ownerAlive(0x3fffffff, start, fs.ownerHost())).toBe(0);
  expect(fs.ownerAlive(0x3fffffff, start, 'another-machine')).toBe(1);
  if (start !== '') expect(fs.ownerAlive(process.pid, `${start}0`, fs.ownerHost())).toBe(0);
});
