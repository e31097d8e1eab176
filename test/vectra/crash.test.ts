// A commit that stops at its n-th step, for n = 1, 2, 3 … until it comes to its end: each time the index is what it was
// before, or what it is after. A step is a call to the file system; of the one that fails, writes do half of their work.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type IndexCodec,
  JsonCodec,
  LocalDocumentIndex,
  LocalIndex,
  ProtobufCodec,
} from '../../js/vectra/index.ts';
import { scratch, vectorOf } from './helpers.ts';

const folderOf = scratch();
afterEach(() => vi.restoreAllMocks());

const writing = ['write', 'writeFile', 'datasync', 'sync', 'truncate'] as const;

/** Lets `steps` steps that change files pass, stops at the next one, and does nothing that comes later. */
function stopAfter(steps: number): { isOver: () => boolean } {
  let left = steps;
  let over = false;
  const pass = (): boolean => {
    if (!over && left-- > 0) return true;
    over = true;
    return false;
  };
  const stopped = (): Error => Object.assign(new Error('stopped'), { code: 'EIO' });
  const open = fs.open.bind(fs);
  vi.spyOn(fs, 'open').mockImplementation(async (path, flags, mode) => {
    if (flags !== 'r' && flags !== 'r+' && !pass()) throw stopped();
    return half(await open(path, flags, mode));
  });
  for (const name of ['rm', 'rename', 'unlink', 'writeFile'] as const) {
    const real = fs[name].bind(fs) as (...parameters: unknown[]) => Promise<void>;
    vi.spyOn(fs, name).mockImplementation(async (...parameters: unknown[]) => {
      if (!pass()) throw stopped();
      await real(...parameters);
    });
  }

  function half(handle: FileHandle): FileHandle {
    const methods = handle as unknown as Record<string, (...parameters: never[]) => unknown>;
    for (const name of writing) {
      const real = (methods[name] as (...parameters: unknown[]) => unknown).bind(handle);
      methods[name] = async (...parameters: unknown[]) => {
        if (pass()) return await real(...parameters);
        if (!over) throw stopped();
        const [bytes, from, length, at] = parameters as [Uint8Array, number, number, number];
        // The first step that fails is the one that was under way.
        if (left === -1 && name === 'write') await real(bytes, from, Math.floor(length / 2), at);
        if (left === -1 && name === 'writeFile')
          await real(bytes.slice(0, Math.floor(bytes.length / 2)));
        left--;
        throw stopped();
      };
    }
    return handle;
  }
  return { isOver: () => over };
}

/** The process that held the file is gone. */
function bury(folder: string, indexName: string): void {
  const path = join(folder, `${indexName}.quiver-commit`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return;
  }
  const end = bytes.indexOf('\n');
  if (end < 0) {
    writeFileSync(path, '{"pid":0,"host":"');
    return;
  }
  const owner = JSON.parse(bytes.toString('utf8', 0, end)) as Record<string, unknown>;
  owner['started'] = 'before';
  writeFileSync(path, Buffer.concat([Buffer.from(JSON.stringify(owner)), bytes.subarray(end)]));
}

describe.each<[string, IndexCodec]>([
  ['JSON', new JsonCodec()],
  ['Protocol Buffers', new ProtobufCodec()],
])('a commit to %s that stops', (_, codec) => {
  const open = (folder: string): LocalIndex => new LocalIndex(folder, undefined, undefined, codec);
  const ids = async (folder: string): Promise<string[]> =>
    (await open(folder).listItems()).map(({ id, vector }) => `${id}:${vector.length}`).sort();

  test.each([
    ['small', 6, 'is patched'],
    ['large', 3000, 'is written anew'],
  ])('is there or not, when the file is %s', async (_size, dimensions) => {
    const start = folderOf();
    const index = open(start);
    await index.createIndex();
    await index.batchInsertItems(
      ['a', 'b', 'c', 'd'].map((id, seed) => ({ id, vector: vectorOf(seed, 40) })),
    );
    const before = await ids(start);
    let after: string[] | undefined;
    const outcomes = new Set<string>();
    for (let steps = 0; after === undefined; steps++) {
      const folder = folderOf();
      cpSync(start, folder, { recursive: true });
      const victim = open(folder);
      await victim.beginUpdate();
      await victim.deleteItems(['a', 'c']);
      await victim.upsertItem({ id: 'b', vector: vectorOf(8, 50) });
      await victim.upsertItem({ id: 'd', vector: vectorOf(9, 20) });
      for (const [seed, id] of ['e', 'f', 'g'].entries())
        await victim.insertItem({ id, vector: vectorOf(seed, dimensions) });
      const { isOver } = stopAfter(steps);
      const failure: unknown = await victim.endUpdate().catch((error: unknown) => error);
      vi.restoreAllMocks();
      bury(folder, victim.indexName);
      const found = await ids(folder);
      if (!isOver()) {
        expect(failure).toBeUndefined();
        after = found;
      }
      outcomes.add(JSON.stringify(found));
      // What was acknowledged is there.
      if (failure === undefined) expect(found).not.toEqual(before);
      // Vectra reads it, and more can be written.
      codec.deserializeIndex(readFileSync(join(folder, victim.indexName)));
      await open(folder).insertItem({ id: 'later', vector: [1] });
      expect(await ids(folder)).toEqual([...found, 'later:1'].sort());
    }
    expect([...outcomes].sort()).toEqual(
      [before, after].map((state) => JSON.stringify(state)).sort(),
    );
  });
});

describe('a document', () => {
  test.each([
    ['short', 'another text, and longer'],
    ['so long that the index is written anew', 'another text. '.repeat(400)],
  ])(
    'that is %s is there with its text, its metadata and its entry, or is not',
    async (_, text) => {
      const embeddings = {
        maxTokens: 1000,
        createEmbeddings: async (inputs: string | string[]) => ({
          status: 'success' as const,
          output: [inputs].flat().map((text) => [text.length, 1]),
        }),
      };
      const tokenizer = {
        encode: (text: string) => Array.from(text, (mark) => mark.charCodeAt(0)),
        decode: (tokens: number[]) => String.fromCharCode(...tokens),
      };
      const open = (folderPath: string): LocalDocumentIndex =>
        new LocalDocumentIndex({
          folderPath,
          embeddings,
          tokenizer,
          chunkingConfig: { chunkSize: 8 },
        });
      const start = folderOf();
      const index = open(start);
      await index.createIndex();
      await index.upsertDocument('a.txt', 'the first text', undefined, { version: 1 });
      const state = async (folder: string): Promise<unknown> => {
        const [document] = await open(folder).listDocuments();
        return {
          text: await document?.loadText(),
          chunks: document?.chunks.map(({ item }) => item.metadata.endPos),
          metadata: await document?.loadMetadata(),
          stats: await open(folder).getCatalogStats(),
        };
      };
      const before = JSON.stringify(await state(start));
      const outcomes = new Set<string>();
      for (let steps = 0, isWhole = false; !isWhole; steps++) {
        const folder = folderOf();
        cpSync(start, folder, { recursive: true });
        const victim = open(folder);
        await victim.listDocuments();
        const { isOver } = stopAfter(steps);
        await victim
          .upsertDocument('a.txt', text, undefined, { version: 2 })
          .catch(() => undefined);
        vi.restoreAllMocks();
        bury(folder, victim.indexName);
        outcomes.add(JSON.stringify(await state(folder)));
        isWhole = !isOver();
      }
      expect(outcomes.size).toBe(2);
      expect(outcomes).toContain(before);
    },
  );
});
