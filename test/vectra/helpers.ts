import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { IndexData } from '../../js/vectra/index.ts';

/** Makes folders that are gone after the tests. */
export function scratch(): (name?: string) => string {
  const root = mkdtempSync(join(tmpdir(), 'quiver-vectra-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  let number = 0;
  return (name = 'index') => join(root, `${name}-${number++}`);
}

/** What Vectra would load: it reads the file and gives it to JSON.parse. */
export const asVectraReads = (folder: string): IndexData =>
  JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as IndexData;

export const idsIn = (folder: string): string[] =>
  asVectraReads(folder)
    .items.map(({ id }) => id)
    .sort();

/** Numbers that differ from one seed to the next, and not from one run to the next. */
export function vectorOf(seed: number, dimensions: number): number[] {
  let state = (seed + 1) * 2654435761;
  return Array.from({ length: dimensions }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
