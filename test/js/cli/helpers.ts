import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll } from 'vitest';
import type { Format, ReadItem } from '../../../js/cli/formats/format.ts';
import { run } from '../../../js/cli/run.ts';
import type { FoundItem, ItemInput } from '../../../js/index.ts';

/** A folder that is removed after the tests of the file that asks for it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quiver-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let files = 0;

export function fileOf(folder: string, ending: string, data: string | Uint8Array): string {
  const path = join(folder, `file${files++}${ending}`);
  writeFileSync(path, data);
  return path;
}

export async function readAll(format: Format, path: string): Promise<ReadItem[]> {
  const source = await format.read?.(path);
  if (source === undefined) throw new Error(`${format.name} is not read`);
  const items: ReadItem[] = [];
  try {
    for await (const item of source.items()) items.push(item);
  } finally {
    await source.close();
  }
  return items;
}

export async function readItems(format: Format, path: string): Promise<ItemInput[]> {
  return (await readAll(format, path)).map(({ item }) => item);
}

export async function writeAll(
  format: Format,
  path: string,
  items: readonly FoundItem[],
  options: { dimensions: number; vectors: boolean },
): Promise<void> {
  const sink = await format.write?.(path, options);
  if (sink === undefined) throw new Error(`${format.name} is not written`);
  try {
    await sink.write(items.slice(0, 2));
    await sink.write(items.slice(2));
    await sink.finish();
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process. */
export async function quiver(
  argv: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  let [out, err] = ['', ''];
  const status = await run(argv, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    interrupted: () => signal,
  });
  return { status, out, err };
}

const key = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** Items as an index gives them, with any text, number and tree that it can hold. */
export function storedItems(id: fc.Arbitrary<string>): fc.Arbitrary<FoundItem[]> {
  return fc.integer({ min: 1, max: 5 }).chain((dimensions) =>
    fc.array(
      fc.record({
        id,
        vector: fc.float32Array({
          minLength: dimensions,
          maxLength: dimensions,
          noNaN: true,
          noDefaultInfinity: true,
        }),
        metadata: fc.dictionary(key, tree, { maxKeys: 4, noNullPrototype: true }),
        norm: fc.constant(1),
      }),
      { maxLength: 6 },
    ),
  ) as fc.Arbitrary<FoundItem[]>;
}

export const anyId: fc.Arbitrary<string> = fc.string({ unit: 'binary', minLength: 1 });
