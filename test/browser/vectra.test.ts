// quiverdb/vectra as browsers have it: files in IndexedDB, pages by the browser's own parser.
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  BrowserWebFetcher,
  IndexedDBStorage,
  LocalDocumentIndex,
  LocalIndex,
  VirtualFileStorage,
} from '../../js/vectra/browser.ts';

const databases: IndexedDBStorage[] = [];
function database(name: string): IndexedDBStorage {
  const storage = new IndexedDBStorage(name);
  databases.push(storage);
  return storage;
}
afterEach(async () => {
  vi.restoreAllMocks();
  for (const storage of databases) storage.close();
  for (const storage of databases.splice(0)) await storage.destroy();
});

describe('files in IndexedDB', () => {
  test('are there for the next object of that name', async () => {
    const index = new LocalIndex('films', undefined, database('there'));
    await index.createIndex({ version: 1, metadata_config: { indexed: ['kind'] } });
    const items = ['a', 'b', 'c'].map((id, at) => ({
      id,
      vector: [1, at],
      metadata: { kind: 'x', more: id },
    }));
    await Promise.all(items.map((item) => index.insertItem(item)));
    await index.deleteItem('c');
    const again = new LocalIndex('films', undefined, database('there'));
    const results = await again.queryItems([1, 0], '', 5, { more: 'b' });
    expect(results.map(({ item }) => item.metadata)).toEqual([{ kind: 'x', more: 'b' }]);
    expect(await again.listItems()).toHaveLength(2);
  });

  test('are listed, told apart from folders, and go with their folder', async () => {
    const storage = database('folders');
    await storage.createFolder('a/b');
    await storage.upsertFile('a/one.txt', 'ü');
    await storage.upsertFile('a/b/two.bin', new Uint8Array([1, 2]) as never);
    await expect(storage.createFile('a/one.txt', '')).rejects.toThrow(
      'File already exists: a/one.txt',
    );
    expect((await storage.readFile('a/./one.txt')).toString()).toBe('ü');
    expect(await storage.listFiles('a')).toEqual([
      { name: 'one.txt', path: 'a/one.txt', isFolder: false, fileType: 'txt' },
      { name: 'b', path: 'a/b', isFolder: true },
    ]);
    expect(await storage.listFiles('a', 'folders')).toHaveLength(1);
    expect(await storage.getDetails('a/b')).toMatchObject({ name: 'b', isFolder: true });
    await storage.deleteFolder('a/b');
    expect(await storage.pathExists('a/b/two.bin')).toBe(false);
    expect(await storage.pathExists('a/one.txt')).toBe(true);
    await storage.deleteFile('a/one.txt');
    await expect(storage.readFile('a/one.txt')).rejects.toThrow('File not found: a/one.txt');
    await expect(storage.getDetails('a/one.txt')).rejects.toThrow('Path not found: a/one.txt');
  });
});

test('documents are hashed, embedded and found', async () => {
  const index = new LocalDocumentIndex({
    folderPath: 'documents',
    storage: new VirtualFileStorage(),
    tokenizer: {
      encode: (text) => Array.from(text, (mark) => mark.charCodeAt(0)),
      decode: (tokens) => String.fromCharCode(...tokens),
    },
    embeddings: {
      maxTokens: 100,
      createEmbeddings: async (inputs) => ({
        status: 'success',
        output: [inputs].flat().map((text) => [text.length, 1]),
      }),
    },
  });
  await index.createIndex();
  const { id } = await index.upsertDocument('a.txt', 'the text', undefined, { lang: 'x' });
  expect((await index.upsertDocument('a.txt', 'the text', undefined, { lang: 'x' })).id).toBe(id);
  const [result] = await index.queryDocuments('the text');
  expect(await result?.renderSections(100, 1)).toEqual([
    { text: 'the text', tokenCount: 8, score: 1, isBm25: false },
  ]);
});

test('files of a machine are refused', () => {
  expect(() => new LocalIndex('folder')).toThrow(
    'LocalFileStorage is not supported in browser environments.',
  );
});

test('pages become Markdown', async () => {
  const page = `<body><script>no</script><h2>A  title</h2><p>Text with <b>bold</b> and
    <a href="/x">a link</a>.</p><ol><li>one</li><li>two</li></ol>
    <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><pre>code  here
      on</pre><img src="i.png"></body>`;
  const asked = vi
    .spyOn(globalThis, 'fetch')
    .mockResolvedValue(new Response(page, { headers: { 'content-type': 'text/html' } }));
  const seen: unknown[] = [];
  const take = async (...document: unknown[]): Promise<boolean> => seen.push(document) > 0;
  await new BrowserWebFetcher().fetch('https://example.org/page', take);
  expect(seen).toEqual([
    [
      'https://example.org/page',
      [
        '## A title',
        '',
        'Text with\n**bold**\nand\n[a link](https://example.org/x)\n.',
        '',
        '1. one\n2. two',
        '',
        '| a | b |\n| --- | --- |\n| 1 | 2 |',
        '',
        '```\ncode  here\n      on\n```',
        '',
        '![image](i.png)',
      ].join('\n'),
      'md',
    ],
  ]);
  asked.mockResolvedValue(new Response('', { headers: { 'content-type': 'image/png' } }));
  await expect(new BrowserWebFetcher().fetch('https://example.org/i', take)).rejects.toThrow(
    'Unsupported content type: image/png',
  );
});
