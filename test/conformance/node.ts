import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { type Backend, LocalIndex } from '../../js/index.ts';
import type { Subject } from './subject.ts';

/** A folder that does not exist yet, within one that is removed by `remove`. */
export async function newFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const parent = await mkdtemp(join(tmpdir(), 'quiver-test-'));
  return {
    folder: join(parent, 'index'),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

/** Folders on disk. */
export function nodeSubject(backend: Backend): Subject {
  return {
    name: backend,
    backend,
    storage: 'disk',
    LocalIndex,
    newFolder,
    files: {
      list: readdir,
      read: (folder, name) => readFile(join(folder, name)),
      write: (folder, name, bytes) => writeFile(join(folder, name), bytes),
      remove: (folder, name) => rm(join(folder, name)),
    },
    sync: true,
    fineClock: true,
    foreign: (numbers) => runInNewContext(`new Float32Array(${JSON.stringify(numbers)})`),
  };
}
