// What Vectra's documentation and Vectra itself say, as cases that both must pass. `better` marks those that Vectra fails.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type {
  LocalDocumentIndex as Documents,
  EmbeddingsModel,
  LocalIndex as Index,
  IndexCodec,
} from '../../js/vectra/index.ts';
import { asVectraReads, scratch } from './helpers.ts';
import { better, library } from './library.ts';

const {
  ItemSelector,
  JsonCodec,
  LocalDocumentIndex,
  LocalFileStorage,
  LocalIndex,
  ProtobufCodec,
  TextSplitter,
  VirtualFileStorage,
  detectCodec,
  migrateIndex,
} = library;

const folderOf = scratch();

async function indexIn(indexed?: string[], codec?: IndexCodec): Promise<Index> {
  const index = new LocalIndex(folderOf(), undefined, undefined, codec);
  await index.createIndex({ version: 1, ...(indexed ? { metadata_config: { indexed } } : {}) });
  return index;
}

const idsOf = (results: readonly { item: { id: string } }[]): string[] =>
  results.map(({ item }) => item.id);

describe('an index', () => {
  test('is created once, and anew when asked', async () => {
    const index = await indexIn();
    await expect(index.createIndex()).rejects.toThrow(/^Index already exists$/);
    await index.insertItem({ id: 'a', vector: [1] });
    await index.createIndex({ version: 2, deleteIfExists: true });
    expect(await index.getIndexStats()).toEqual({ version: 2, metadata_config: {}, items: 0 });
  });

  test('that is not there cannot be read, and can be asked for', async () => {
    const index = new LocalIndex(folderOf());
    expect(await index.isIndexCreated()).toBe(false);
    for (const call of [
      index.listItems(),
      index.getItem('a'),
      index.getIndexStats(),
      index.queryItems([1], '', 1),
      index.beginUpdate(),
    ])
      await expect(call).rejects.toThrow(/^Index does not exist$/);
  });

  test('has the file that Vectra reads', async () => {
    const index = await indexIn();
    await index.insertItem({ id: 'a', vector: [3, 4], metadata: { text: 'ü', yes: true, n: 1.5 } });
    expect(JSON.parse(readFileSync(join(index.folderPath, 'index.json'), 'utf8'))).toEqual({
      version: 1,
      metadata_config: {},
      items: [{ id: 'a', metadata: { text: 'ü', yes: true, n: 1.5 }, vector: [3, 4], norm: 5 }],
    });
  });

  test('may have another name', async () => {
    const index = new LocalIndex(folderOf(), 'other.json');
    await index.createIndex();
    expect(index.indexName).toBe('other.json');
    expect(existsSync(join(index.folderPath, 'other.json'))).toBe(true);
  });
});

describe('items', () => {
  test('get an id when they have none, and are returned as they are stored', async () => {
    const index = await indexIn();
    const item = await index.insertItem({ vector: [3, 4] });
    expect(item).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      metadata: {},
      vector: [3, 4],
      norm: 5,
    });
    expect(await index.getItem(item.id)).toEqual(item);
    expect(await index.getItem('none')).toBeUndefined();
  });

  test('are refused without a vector and with an id that there is', async () => {
    const index = await indexIn();
    await index.insertItem({ id: 'a', vector: [] });
    await index.beginUpdate();
    await expect(index.insertItem({ id: 'b' })).rejects.toThrow(/^Vector is required$/);
    await expect(index.insertItem({ id: 'a', vector: [1] })).rejects.toThrow(
      /^Item with id a already exists$/,
    );
    index.cancelUpdate();
  });

  test('keep their place when they are replaced, and lose it when they are deleted', async () => {
    const index = await indexIn();
    for (const id of ['a', 'b', 'c']) await index.insertItem({ id, vector: [1] });
    await index.upsertItem({ id: 'b', vector: [2, 3, 4, 5], metadata: { longer: 'than before' } });
    expect((await index.listItems()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    await index.deleteItem('a');
    await index.deleteItem('none');
    await index.insertItem({ id: 'a', vector: [1] });
    expect((await index.listItems()).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
  });

  test('of a batch are all there, or none', async () => {
    const index = await indexIn();
    await index.insertItem({ id: 'b', vector: [1] });
    const batch = ['a', 'b', 'c'].map((id) => ({ id, vector: [1] }));
    await expect(index.batchInsertItems(batch)).rejects.toThrow('Item with id b already exists');
    expect(await index.listItems()).toHaveLength(1);
    await index.deleteItems(new Set(['b', 'none']));
    expect(await index.batchInsertItems(batch)).toHaveLength(3);
  });
});

describe('an update', () => {
  test('is seen when it ends, and not when it is cancelled', async () => {
    const index = await indexIn();
    await index.beginUpdate();
    await expect(index.beginUpdate()).rejects.toThrow(/^Update already in progress$/);
    await index.insertItem({ id: 'a', vector: [1] });
    await index.upsertItem({ id: 'a', vector: [2] });
    expect(await index.listItems()).toEqual([]);
    await index.endUpdate();
    expect((await index.getItem('a'))?.vector).toEqual([2]);
    await expect(index.endUpdate()).rejects.toThrow(/^No update in progress$/);
    await index.beginUpdate();
    await index.deleteItem('a');
    index.cancelUpdate();
    expect(await index.listItems()).toHaveLength(1);
  });
});

describe('metadata', () => {
  test('that are not indexed go to a file of their own', async () => {
    const index = await indexIn(['kind']);
    await index.insertItem({ id: 'a', vector: [1], metadata: { kind: 'x', more: 'y' } });
    await index.insertItem({ id: 'b', vector: [2], metadata: { kind: 'x' } });
    const [a, b] = asVectraReads(index.folderPath).items;
    expect(a?.metadata).toEqual({ kind: 'x' });
    expect(b).not.toHaveProperty('metadataFile');
    const file = join(index.folderPath, a?.metadataFile as string);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ kind: 'x', more: 'y' });
    expect((await index.getItem('a'))?.metadata).toEqual({ kind: 'x' });
    const results = await index.queryItems([1], '', 2);
    expect(results.map(({ item }) => item.metadata)).toEqual([
      { kind: 'x', more: 'y' },
      { kind: 'x' },
    ]);
  });

  better('that are not indexed can be asked for', async () => {
    const index = await indexIn(['kind']);
    await index.insertItem({ id: 'a', vector: [1], metadata: { kind: 'x', more: 'y' } });
    expect(await index.listItemsByMetadata({ more: 'y' })).toHaveLength(1);
  });

  better('of items that are gone leave no file', async () => {
    const index = await indexIn(['kind']);
    await index.insertItem({ id: 'a', vector: [1], metadata: { more: 'y' } });
    await index.deleteItem('a');
    expect(readdirSync(index.folderPath)).toEqual(['index.json']);
  });
});

describe('a query', () => {
  test('gives the best cosines, best first', async () => {
    const index = await indexIn();
    await index.batchInsertItems([
      { id: 'far', vector: [-1, 0] },
      { id: 'near', vector: [2, 0.1] },
      { id: 'middle', vector: [1, 1] },
    ]);
    const results = await index.queryItems([1, 0], '', 10);
    expect(idsOf(results)).toEqual(['near', 'middle', 'far']);
    expect(results[0]?.score).toBe(2 / Math.sqrt(2 * 2 + 0.1 * 0.1));
    expect(results[2]?.score).toBe(-1);
    expect(idsOf(await index.queryItems([1, 0], '', 2))).toEqual(['near', 'middle']);
    for (const topK of [0, -1]) expect(await index.queryItems([1, 0], '', topK)).toEqual([]);
  });

  test('of another length compares what both have', async () => {
    const index = await indexIn();
    await index.insertItem({ id: 'a', vector: [1, 2, 2] });
    expect((await index.queryItems([1], '', 1))[0]?.score).toBe(1 / 3);
  });

  test('takes only what the filter takes', async () => {
    const index = await indexIn();
    await index.batchInsertItems(
      [1, 2, 3, 4].map((n) => ({ id: String(n), vector: [n], metadata: { n, odd: n % 2 === 1 } })),
    );
    const ask = async (filter: object): Promise<string[]> =>
      idsOf(await index.queryItems([1], '', 9, filter as never)).sort();
    expect(await ask({ odd: true })).toEqual(['1', '3']);
    expect(await ask({ n: { $gt: 1, $lte: 3 } })).toEqual(['2', '3']);
    expect(await ask({ $or: [{ n: 1 }, { $and: [{ odd: false }, { n: { $ne: 2 } }] }] })).toEqual([
      '1',
      '4',
    ]);
    expect(await ask({})).toHaveLength(4);
    expect(await ask({ none: 1 })).toEqual([]);
  });

  better('ranks a vector without length last', async () => {
    const index = await indexIn();
    await index.batchInsertItems([
      { id: 'zero', vector: [0, 0] },
      { id: 'far', vector: [-1, 0] },
    ]);
    expect(idsOf(await index.queryItems([1, 0], '', 1))).toEqual(['far']);
  });

  better('for words works with few documents', async () => {
    // Stands for wink-bm25-text-search, which refuses to compare fewer than three.
    const bm25Factory = () => {
      const added: [number, string][] = [];
      return {
        defineConfig: () => true,
        definePrepTasks: () => 1,
        addDoc: ({ body }: { body: string }, id: number) => added.push([id, body]),
        consolidate: () => {
          if (added.length < 3) throw new Error('document collection is too small');
        },
        search: (text: string) =>
          added.filter(([, body]) => body.includes(text)).map(([id]) => [id, 1]),
      };
    };
    const index = new LocalIndex(folderOf(), undefined, undefined, undefined, {
      bm25Factory,
      docReader: async () => 'here is a word',
    });
    await index.createIndex();
    const metadata = { documentId: 'd', startPos: 0, endPos: 13 };
    await index.batchInsertItems([
      { id: 'a', vector: [1, 0], metadata },
      { id: 'b', vector: [0, 1], metadata },
    ]);
    const results = await index.queryItems([1, 0], 'word', 1, undefined, true);
    expect(results).toMatchObject([
      { item: { id: 'a', metadata } },
      { item: { id: 'b', metadata: { ...metadata, isBm25: true } }, score: 1 },
    ]);
  });
});

describe('the quirks of filters', () => {
  test.each([
    [42, { $in: [42] }, false],
    [42, { $in: ['x42y'] }, true],
    ['oo', { $in: ['foobar'] }, false],
    ['foo', { $in: ['foo'] }, true],
    [true, { $in: [true] }, false],
    [42, { $nin: [42] }, true],
    ['oo', { $nin: ['foobar'] }, false],
    [true, { $nin: [] }, false],
    ['bar', { $foo: 'bar' }, true],
    ['b', { $gt: 'a' }, false],
    [undefined, { $ne: 1 }, false],
    [1, null, false],
  ])('%o matches %o: %o', (value, condition, expected) => {
    const metadata = (value === undefined ? {} : { field: value }) as never;
    expect(ItemSelector.select(metadata, { field: condition })).toBe(expected);
  });

  test('cosines without a direction are NaN', () => {
    expect(ItemSelector.cosineSimilarity([0], [1])).toBeNaN();
    expect(ItemSelector.normalizedCosineSimilarity([1], 1, [0], 0)).toBeNaN();
    expect(ItemSelector.normalize([3, 4])).toBe(5);
  });
});

describe('codecs', () => {
  const items = [{ id: 'a', metadata: { n: 0, t: '', f: false }, vector: [0.5], norm: 0.5 }];
  const data = { version: 1, metadata_config: { indexed: ['n'] }, items };

  test.each([
    ['JSON', () => new JsonCodec(), '.json'],
    ['Protocol Buffers', () => new ProtobufCodec(), '.pb'],
  ])('%s gives back what it was given', (_, make, extension) => {
    const codec = make();
    expect(codec.extension).toBe(extension);
    expect(codec.deserializeIndex(codec.serializeIndex(data))).toEqual(data);
    const catalog = {
      version: 1,
      count: 1,
      uriToId: { u: 'i' },
      idToUri: { i: 'u' },
      uriToHash: { u: 'h' },
    };
    expect(codec.deserializeCatalog(codec.serializeCatalog(catalog))).toEqual(catalog);
    expect(codec.deserializeMetadata(codec.serializeMetadata({ a: 1 }))).toEqual({ a: 1 });
  });

  test('are changed by migration, with all files', async () => {
    const index = await indexIn(['kind']);
    await index.insertItem({ id: 'a', vector: [0.5], metadata: { kind: 'x', more: 'y' } });
    const { folderPath } = index;
    await migrateIndex(folderPath, { to: 'protobuf' });
    const codec = await detectCodec(folderPath, new LocalFileStorage());
    expect(codec.extension).toBe('.pb');
    expect(readdirSync(folderPath).every((name) => name.endsWith('.pb'))).toBe(true);
    const migrated = new LocalIndex(folderPath, undefined, undefined, codec);
    expect((await migrated.queryItems([1], '', 1))[0]?.item.metadata).toEqual({
      kind: 'x',
      more: 'y',
    });
    await migrateIndex(folderPath, { to: 'json' });
    expect((await new LocalIndex(folderPath).listItems())[0]?.vector).toEqual([0.5]);
    mkdirSync(`${folderPath}-empty`);
    await expect(detectCodec(`${folderPath}-empty`, new LocalFileStorage())).rejects.toThrow(
      'No index file found',
    );
    writeFileSync(join(folderPath, 'index.pb'), '');
    await expect(detectCodec(folderPath, new LocalFileStorage())).rejects.toThrow(
      'Both index.json',
    );
  });
});

describe('a storage in memory', () => {
  test('keeps copies', async () => {
    const storage = new VirtualFileStorage();
    const content = Buffer.from('abc');
    await storage.upsertFile('f/a.txt', content);
    content[0] = 0;
    (await storage.readFile('f/a.txt'))[1] = 0;
    expect((await storage.readFile('./f/a.txt')).toString('utf-8')).toBe('abc');
    await expect(storage.createFile('f/a.txt', '')).rejects.toThrow('File already exists: f/a.txt');
    expect(await storage.listFiles('f')).toEqual([
      { name: 'a.txt', path: 'f/a.txt', isFolder: false, fileType: 'txt' },
    ]);
  });
});

const tokenizer = {
  encode: (text: string) => Array.from(text, (mark) => mark.charCodeAt(0)),
  decode: (tokens: number[]) => String.fromCharCode(...tokens),
};

describe('a splitter', () => {
  test('says what it refuses', () => {
    expect(() => new TextSplitter({ tokenizer, chunkSize: 0 })).toThrow('chunkSize must be >= 1');
    expect(() => new TextSplitter({ tokenizer, chunkOverlap: -1 })).toThrow(
      'chunkOverlap must be >= 0',
    );
    expect(() => new TextSplitter({ tokenizer, chunkSize: 1, chunkOverlap: 2 })).toThrow(
      'chunkOverlap must be <= chunkSize',
    );
  });

  test('cuts at paragraphs, and says where', () => {
    const splitter = new TextSplitter({
      tokenizer,
      chunkSize: 12,
      chunkOverlap: 2,
      keepSeparators: true,
    });
    const text = 'first part\n\nsecond part';
    const chunks = splitter.split(text);
    expect(chunks.map(({ text }) => text)).toEqual(['first part\n', 'second part']);
    expect(chunks.map(({ startPos, endPos }) => text.slice(startPos, endPos + 1))).toEqual(
      chunks.map(({ text }) => text),
    );
    expect(tokenizer.decode(chunks[1]?.startOverlap ?? [])).toBe('t\n');
    expect(tokenizer.decode(chunks[0]?.endOverlap ?? [])).toBe('se');
  });
});

describe('documents', () => {
  /** A vector that tells how often a text has an a and a b. */
  class Letters implements EmbeddingsModel {
    readonly maxTokens = 1000;
    asked = 0;
    async createEmbeddings(inputs: string | string[]) {
      this.asked++;
      const count = (text: string, letter: string): number => text.split(letter).length - 1;
      return {
        status: 'success' as const,
        output: [inputs].flat().map((text) => [count(text, 'a'), count(text, 'b'), 1]),
      };
    }
  }

  async function documents(
    embeddings: EmbeddingsModel = new Letters(),
    codec?: IndexCodec,
    indexed?: string[],
  ): Promise<Documents> {
    const index = new LocalDocumentIndex({
      folderPath: folderOf(),
      embeddings,
      tokenizer,
      chunkingConfig: { chunkSize: 10 },
      ...(codec ? { codec } : {}),
    });
    await index.createIndex({ version: 1, ...(indexed ? { metadata_config: { indexed } } : {}) });
    return index;
  }

  test('are found by their chunks', async () => {
    const index = await documents();
    const { id } = await index.upsertDocument('one.txt', 'aaaa\n\naaaa\n\nbbbb bb', undefined, {
      lang: 'x',
    });
    await index.upsertDocument('two.txt', 'bbbbbb');
    expect(await index.getDocumentId('one.txt')).toBe(id);
    expect(await index.getDocumentUri(id)).toBe('one.txt');
    const results = await index.queryDocuments('aaa', { maxDocuments: 1, maxChunks: 2 });
    expect(results.map(({ uri }) => uri)).toEqual(['one.txt']);
    expect(results[0]?.chunks[0]?.item.metadata).toMatchObject({ lang: 'x', startPos: 0 });
    expect(await results[0]?.loadText()).toBe('aaaa\n\naaaa\n\nbbbb bb');
    expect(await results[0]?.loadMetadata()).toEqual({ lang: 'x' });
    expect(await index.queryDocuments('a', { filter: { lang: 'y' } })).toEqual([]);
    const all = await index.listDocuments();
    expect(all.map(({ uri }) => uri).sort()).toEqual(['one.txt', 'two.txt']);
    expect(all.every(({ score }) => score === 1)).toBe(true);
    expect(await index.getCatalogStats()).toMatchObject({ version: 1, documents: 2 });
  });

  test('that are the same are not embedded again', async () => {
    const embeddings = new Letters();
    const index = await documents(embeddings);
    const first = await index.upsertDocument('a', 'text', 'md', { b: 1, a: 2 });
    const again = await index.upsertDocument('a', 'text', 'md', { a: 2, b: 1 });
    expect([again.id, embeddings.asked]).toEqual([first.id, 1]);
    await index.upsertDocument('a', 'text', 'md', { a: 2, b: 1 }, { force: true });
    await index.upsertDocument('a', 'other text', 'md', { a: 2, b: 1 });
    expect(embeddings.asked).toBe(3);
    expect(await index.listDocuments()).toHaveLength(1);
  });

  test('that are deleted leave nothing', async () => {
    const index = await documents();
    await index.upsertDocument('a', 'text', undefined, { b: 1 });
    await index.deleteDocument('a');
    await index.deleteDocument('none');
    expect(await index.listItems()).toEqual([]);
    expect(readdirSync(index.folderPath).sort()).toEqual(['catalog.json', 'index.json']);
    expect(await index.getDocumentId('a')).toBeUndefined();
  });

  test('say what is wrong', async () => {
    const index = await documents({
      maxTokens: 10,
      createEmbeddings: async () => ({ status: 'error', message: 'no' }),
    });
    await expect(index.upsertDocument('a', 'b')).rejects.toThrow(
      /^Error generating embeddings: no$/,
    );
    await expect(index.queryDocuments('a')).rejects.toThrow(
      /^Error generating embeddings for query: no$/,
    );
    const without = new LocalDocumentIndex({ folderPath: index.folderPath, tokenizer });
    await expect(without.upsertDocument('a', 'b')).rejects.toThrow(
      'Embeddings model not configured.',
    );
  });

  better('stay as they were when their replacement cannot be embedded', async () => {
    let isDown = false;
    const letters = new Letters();
    const index = await documents({
      maxTokens: 1000,
      createEmbeddings: async (inputs) =>
        isDown ? { status: 'error', message: 'down' } : await letters.createEmbeddings(inputs),
    });
    await index.upsertDocument('a', 'text');
    isDown = true;
    await expect(index.upsertDocument('a', 'other')).rejects.toThrow('down');
    expect(await (await index.listDocuments())[0]?.loadText()).toBe('text');
  });

  test('may be added by overlapping calls', async () => {
    const index = await documents();
    const uris = Array.from({ length: 10 }, (_, number) => `${number}.txt`);
    await Promise.all(uris.map((uri) => index.upsertDocument(uri, `text of ${uri}`)));
    const again = new LocalDocumentIndex({ folderPath: index.folderPath, tokenizer });
    expect((await again.listDocuments()).map(({ uri }) => uri).sort()).toEqual(uris);
    expect((await again.getCatalogStats()).documents).toBe(10);
  });

  better('have metadata with either codec', async () => {
    const index = await documents(new Letters(), new ProtobufCodec());
    const document = await index.upsertDocument('a', 'text', undefined, { b: 1 });
    expect(await document.hasMetadata()).toBe(true);
    expect(await document.loadMetadata()).toEqual({ b: 1 });
  });

  better('work where only some metadata are indexed', async () => {
    const index = await documents(new Letters(), undefined, ['lang']);
    await index.upsertDocument('a.txt', 'aaa', undefined, { lang: 'x' });
    await index.upsertDocument('b.txt', 'bbb', undefined, { lang: 'y' });
    expect((await index.queryDocuments('aa', { maxDocuments: 1 }))[0]?.uri).toBe('a.txt');
    await index.deleteDocument('a.txt');
    expect(await index.listItems()).toHaveLength(1);
  });

  better('of two objects on one folder are all in the catalog', async () => {
    const index = await documents();
    const other = new LocalDocumentIndex({
      folderPath: index.folderPath,
      embeddings: new Letters(),
      tokenizer,
    });
    await other.listDocuments();
    await index.upsertDocument('a', 'text');
    await other.upsertDocument('b', 'text');
    await index.upsertDocument('c', 'text');
    expect((await other.listDocuments()).map(({ uri }) => uri)).toEqual(['a', 'b', 'c']);
    expect((await index.getCatalogStats()).documents).toBe(3);
  });
});
