// The file that is changed in place is, after each commit, what Vectra would have written: compared with an index whose
// storage only knows whole files, which is as simple as Vectra's own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type IndexCodec,
  type IndexItem,
  JsonCodec,
  LocalFileStorage,
  LocalIndex,
  ProtobufCodec,
  VirtualFileStorage,
} from '../../js/vectra/index.ts';
import { asVectraReads, scratch } from './helpers.ts';

const folderOf = scratch();

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'ü"\\', '__proto__');
const item = fc.record({
  id: ids,
  // Numbers that float32 holds too, for the codec that keeps those.
  vector: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 6 }),
  metadata: fc.dictionary(
    fc.string({ maxLength: 5 }),
    fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
    ),
    { maxKeys: 3, noNullPrototype: true },
  ),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;
type Step =
  | { kind: 'insert' | 'upsert'; item: Item }
  | { kind: 'batch'; items: Item[] }
  | { kind: 'delete'; ids: string[] }
  | { kind: 'update'; steps: Step[]; cancel: boolean };
const plainStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('insert' as const, 'upsert' as const), item }),
  fc.record({ kind: fc.constant('delete' as const), ids: fc.array(ids, { maxLength: 4 }) }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: plainStep },
  fc.record({ kind: fc.constant('batch' as const), items: fc.array(item, { maxLength: 5 }) }),
  fc.record({
    kind: fc.constant('update' as const),
    steps: fc.array(plainStep, { maxLength: 5 }),
    cancel: fc.boolean(),
  }),
);

/** Does a step; resolves to the message of the error, if there is one. */
async function run(index: LocalIndex, step: Step): Promise<string | undefined> {
  try {
    switch (step.kind) {
      case 'insert':
        await index.insertItem(step.item);
        break;
      case 'upsert':
        await index.upsertItem(step.item);
        break;
      case 'batch':
        await index.batchInsertItems(step.items);
        break;
      case 'delete':
        await index.deleteItems(step.ids);
        break;
      case 'update':
        await index.beginUpdate();
        for (const part of step.steps) await run(index, part);
        if (step.cancel) index.cancelUpdate();
        else await index.endUpdate();
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const byId = (items: readonly IndexItem[]): IndexItem[] =>
  [...items].sort((a, b) => (a.id < b.id ? -1 : 1));

describe.each<[string, IndexCodec]>([
  ['JSON', new JsonCodec()],
  ['Protocol Buffers', new ProtobufCodec()],
])('a file of %s', (_, codec) => {
  test('is what a whole file would be, after every commit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const folder = folderOf();
        const index = new LocalIndex(folder, undefined, undefined, codec);
        const model = new LocalIndex('model', undefined, new VirtualFileStorage(), codec);
        for (const made of [index, model]) await made.createIndex({ version: 3 });
        for (const next of steps) {
          expect(await run(index, next)).toBe(await run(model, next));
          const wanted = await model.listItems();
          expect(await index.listItems()).toEqual(wanted);
          const read = codec.deserializeIndex(readFileSync(join(folder, index.indexName)));
          expect(read.version).toBe(3);
          // What was replaced by something longer goes to the end of the file.
          expect(byId(read.items)).toEqual(byId(wanted));
          const again = new LocalIndex(folder, undefined, undefined, codec);
          expect(await again.listItems()).toEqual(read.items);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('a file that something else wrote', () => {
  const write = (text: string | Buffer): LocalIndex => {
    const folder = folderOf();
    mkdirSync(folder);
    writeFileSync(join(folder, 'index.json'), text);
    return new LocalIndex(folder);
  };
  const items = ['a', 'b', 'c'].map((id) => ({ id, metadata: {}, vector: [1, 2], norm: 1 }));

  test.each([
    ['with line breaks', JSON.stringify({ version: 1, metadata_config: {}, items }, undefined, 2)],
    ['with members after the items', JSON.stringify({ items, version: 1, extra: { deep: [1] } })],
    ['with a mark of its encoding', `\ufeff${JSON.stringify({ version: 1, items })}`],
    ['with spaces everywhere', '\n{ "version" : 1 , "items" : [ ] , "more" : "]}" } \n\n'],
  ])('%s is changed in place', async (_, text) => {
    const index = write(text);
    const before = await index.listItems();
    await index.insertItem({ id: 'x', vector: [3] });
    await index.deleteItem('a');
    await index.upsertItem({ id: 'b', vector: [4, 5, 6, 7, 8, 9] });
    await index.insertItem({ id: 'y', vector: [3] });
    const path = join(index.folderPath, 'index.json');
    const { items: now, ...members } = JSON.parse(
      readFileSync(path, 'utf8').replace('\ufeff', ''),
    ) as Record<string, unknown> & { items: IndexItem[] };
    const wanted = new Set([...before.map(({ id }) => id), 'b', 'x', 'y']);
    wanted.delete('a');
    expect(now.map(({ id }) => id).sort()).toEqual([...wanted].sort());
    const { items: _items, ...sameMembers } = JSON.parse(text.replace('\ufeff', '')) as Record<
      string,
      unknown
    >;
    expect(members).toEqual(sameMembers);
  });

  test('with a file of metadata elsewhere leads nowhere', async () => {
    const outside = `${folderOf('outside')}.json`;
    writeFileSync(outside, '{"secret":1}');
    const metadataFile = `../${basename(outside)}`;
    const index = write(
      JSON.stringify({ version: 1, items: [{ ...items[0], metadataFile }, ...items.slice(1)] }),
    );
    await expect(index.queryItems([1, 2], '', 3)).rejects.toThrow(
      `Expected the name of a file of metadata, got ${metadataFile}`,
    );
    await index.deleteItem('a');
    expect(readFileSync(outside, 'utf8')).toBe('{"secret":1}');
  });

  test('with an id twice is read, and both go together', async () => {
    const index = write(
      JSON.stringify({ version: 1, items: [...items, { ...items[0], vector: [9] }] }),
    );
    expect(await index.listItems()).toHaveLength(4);
    expect((await index.getItem('a'))?.vector).toEqual([1, 2]);
    await index.deleteItem('a');
    expect((await index.listItems()).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(asVectraReads(index.folderPath).items.map(({ id }) => id)).toEqual(['b', 'c']);
  });

  test.each([
    ['{"version":1,"items":[{"id":"a","vector":[1', /ends in item 0/],
    ['', /ends in/],
    ['{"version":1,"items":[7]}', /item 0 to have an id and a vector/],
    ['{"version":1}', /has no "items"/],
  ])('%s is refused, and stays as it is', async (text, message) => {
    const index = write(text);
    await expect(index.listItems()).rejects.toThrow(message);
    await expect(index.insertItem({ vector: [1] })).rejects.toThrow(message);
    expect(readFileSync(join(index.folderPath, 'index.json'), 'utf8')).toBe(text);
  });

  test('damaged Protocol Buffers are refused', async () => {
    const codec = new ProtobufCodec();
    const whole = codec.serializeIndex({ version: 1, metadata_config: {}, items });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const folder = folderOf();
        mkdirSync(folder);
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        writeFileSync(join(folder, 'index.pb'), damaged.subarray(0, byte % 2 ? at : undefined));
        const index = new LocalIndex(folder, undefined, undefined, codec);
        // Read or refused: no other end, and nothing that is written to it is lost.
        const read = await index.listItems().catch((error: unknown) => error);
        if (read instanceof Error) return;
        await index.upsertItem({ id: 'new', vector: [1] });
        const again = new LocalIndex(folder, undefined, undefined, codec);
        expect((await again.getItem('new'))?.vector).toEqual([1]);
      }),
    );
  });
});

describe('storages of a caller', () => {
  class Recorded extends LocalFileStorage {
    readonly written: string[] = [];
    override async upsertFile(path: string, content: Buffer | string): Promise<void> {
      this.written.push(path);
      await super.upsertFile(path, content);
    }
  }

  test('get every byte, as whole files', async () => {
    const [folder, storage] = [folderOf(), new Recorded()];
    const index = new LocalIndex(folder, undefined, storage);
    await index.createIndex();
    await Promise.all(['a', 'b', 'c'].map((id) => index.insertItem({ id, vector: [1] })));
    await index.deleteItem('b');
    const path = join(folder, 'index.json');
    // Inserts that come together are one save.
    expect(storage.written).toEqual([path, path, path]);
    expect(asVectraReads(folder).items.map(({ id }) => id)).toEqual(['a', 'c']);
  });

  test('may have a folder of their own', async () => {
    const root = folderOf();
    const index = new LocalIndex('inside', 'my.json', new LocalFileStorage(root));
    await index.createIndex();
    await index.insertItem({ id: 'a', vector: [1] });
    expect(readFileSync(join(root, 'inside/my.json'), 'utf8')).toContain('"id":"a"');
  });
});
