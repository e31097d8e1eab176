// What stands around an index: tokenizers, embeddings, fetchers, the watcher, files in a browser's database.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  FileFetcher,
  FolderWatcher,
  GPT3Tokenizer,
  LocalDocumentIndex,
  LocalEmbeddings,
  LocalIndex,
  OpenAIEmbeddings,
  TransformersEmbeddings,
  TransformersTokenizer,
  WebFetcher,
} from '../../js/vectra/index.ts';
import { scratch } from './helpers.ts';

const folderOf = scratch();
afterEach(() => vi.restoreAllMocks());

describe('an optional package that is not there is named', () => {
  test('by the tokenizer', () => {
    expect(() => new GPT3Tokenizer().encode('a')).toThrow(
      "GPT3Tokenizer requires the 'gpt-tokenizer' package. Install it with: npm install gpt-tokenizer",
    );
  });

  test('by a query for words', async () => {
    const index = new LocalIndex(folderOf());
    await index.createIndex();
    await expect(index.queryItems([1], 'word', 1, undefined, true)).rejects.toThrow(
      "requires the 'wink-bm25-text-search' package",
    );
  });

  test('by models that run here', async () => {
    expect(await new LocalEmbeddings().createEmbeddings('a')).toEqual({
      status: 'error',
      message:
        'The @huggingface/transformers package is required for local embeddings. Install it with: npm install @huggingface/transformers',
    });
    await expect(TransformersEmbeddings.create()).rejects.toThrow('npm install');
  });

  test('by the fetcher of pages', async () => {
    const { port, close } = await serve('text/html', '<p>a</p>');
    try {
      await expect(
        new WebFetcher().fetch(`http://localhost:${port}/`, async () => true),
      ).rejects.toThrow("WebFetcher requires the 'cheerio' package");
    } finally {
      close();
    }
  });
});

test('a tokenizer of a model gives its numbers', () => {
  const tokenizer = Object.assign(
    (text: string) => ({ input_ids: { data: [BigInt(text.length)] } }),
    {
      decode: (tokens: number[], options: object) => JSON.stringify([tokens, options]),
    },
  );
  const wrapped = new TransformersTokenizer(tokenizer);
  expect(wrapped.encode('abc')).toEqual([3]);
  expect(wrapped.decode([3])).toBe('[[3],{"skip_special_tokens":true}]');
});

describe("OpenAI's embeddings", () => {
  const answer = (status: number, body: object): Response =>
    new Response(JSON.stringify(body), { status });
  const good = {
    data: [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ],
  };

  test.each([
    [
      { apiKey: 'k', model: 'm', organization: 'o', dimensions: 3 },
      'https://api.openai.com/v1/embeddings',
      { input: ['a', 'b'], dimensions: 3, model: 'm' },
      { authorization: 'Bearer k', 'openai-organization': 'o' },
    ],
    [
      { azureApiKey: 'k', azureEndpoint: ' https://x.example/ ', azureDeployment: 'd' },
      'https://x.example/openai/deployments/d/embeddings?api-version=2023-05-15',
      { input: ['a', 'b'] },
      { 'api-key': 'k' },
    ],
    [
      { ossModel: 'm', ossEndpoint: 'http://localhost:1' },
      'http://localhost:1/v1/embeddings',
      { input: ['a', 'b'], model: 'm' },
      {},
    ],
  ])('of %o are asked for where they are', async (options, url, body, headers) => {
    const asked = vi.spyOn(globalThis, 'fetch').mockResolvedValue(answer(200, good));
    const response = await new OpenAIEmbeddings(options).createEmbeddings(['a', 'b']);
    expect(response).toEqual({ status: 'success', output: [[1], [2]] });
    const [where, init] = asked.mock.calls[0] as [string, RequestInit];
    expect(where).toBe(url);
    expect(JSON.parse(init.body as string)).toEqual(body);
    expect(Object.fromEntries(init.headers as Headers)).toMatchObject(headers);
  });

  test('are asked for again while the service is busy', async () => {
    const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => answer(429, {}));
    const model = new OpenAIEmbeddings({ apiKey: 'k', model: 'm', retryPolicy: [0, 0] });
    expect((await model.createEmbeddings('a')).status).toBe('rate_limited');
    expect(asked).toHaveBeenCalledTimes(3);
    asked.mockResolvedValue(new Response('<html>', { status: 500, statusText: 'Broken' }));
    expect(await model.createEmbeddings('a')).toEqual({
      status: 'error',
      message: 'The embeddings API returned an error status of 500: Broken',
    });
  });

  test('of Azure are asked for over TLS only', () => {
    const options = { azureApiKey: 'k', azureEndpoint: 'http://x', azureDeployment: 'd' };
    expect(() => new OpenAIEmbeddings(options)).toThrow(
      "Client created with an invalid endpoint of 'http://x'. The endpoint must be a valid HTTPS url.",
    );
  });
});

describe('fetchers', () => {
  test('read files, and folders with what is in them', async () => {
    const folder = folderOf();
    mkdirSync(join(folder, 'in'), { recursive: true });
    writeFileSync(join(folder, 'a.MD'), 'one');
    writeFileSync(join(folder, 'in/README'), 'two');
    const seen: unknown[] = [];
    const result = await new FileFetcher().fetch(folder, async (...document) => {
      seen.push(document);
      return document[1] === 'one';
    });
    expect(result).toBe(false);
    expect(seen).toEqual([
      [join(folder, 'a.MD'), 'one', 'md'],
      [join(folder, 'in/README'), 'two', 'readme'],
    ]);
    expect(await new FileFetcher().fetch(join(folder, 'none'), async () => false)).toBe(true);
  });

  test('read pages, and say what they do not take', async () => {
    const server = await serve('application/json; charset=utf-8', '{"a":1}');
    const url = `http://localhost:${server.port}/`;
    const seen: unknown[] = [];
    const take = async (...document: unknown[]): Promise<boolean> => seen.push(document) > 0;
    try {
      expect(await new WebFetcher().fetch(url, take)).toBe(true);
      expect(seen).toEqual([[url, '{"a":1}', 'json']]);
      await expect(new WebFetcher().fetch(`${url}missing`, take)).rejects.toThrow(
        'Site returned an HTTP status of 404',
      );
    } finally {
      server.close();
    }
    const image = await serve('image/png', '');
    try {
      await expect(new WebFetcher().fetch(`http://localhost:${image.port}/`, take)).rejects.toThrow(
        'Site returned an invalid content type of image/png',
      );
    } finally {
      image.close();
    }
  });
});

test('a watcher keeps documents as files are', async () => {
  const [folder, files] = [folderOf(), folderOf('files')];
  mkdirSync(join(files, 'in'), { recursive: true });
  writeFileSync(join(files, 'a.txt'), 'one');
  writeFileSync(join(files, 'b.png'), 'two');
  const index = new LocalDocumentIndex({
    folderPath: folder,
    tokenizer: {
      encode: (text) => Array.from(text, (mark) => mark.charCodeAt(0)),
      decode: (tokens) => String.fromCharCode(...tokens),
    },
    embeddings: {
      maxTokens: 100,
      createEmbeddings: async (inputs) => ({
        status: 'success',
        output: [inputs].flat().map(() => [1]),
      }),
    },
  });
  await index.createIndex();
  const watcher = new FolderWatcher({ index, paths: [files], extensions: ['txt'], debounceMs: 5 });
  /** Waits for what the watcher says next. */
  const next = (): Promise<unknown[]> =>
    new Promise((resolve) => watcher.once('sync', (...event) => resolve(event)));
  const first = next();
  await watcher.start();
  try {
    expect(await first).toEqual([join(files, 'a.txt'), 'added']);
    expect([watcher.isRunning, watcher.trackedFileCount]).toEqual([true, 1]);
    await expect(watcher.start()).rejects.toThrow('FolderWatcher is already running');
    const added = next();
    writeFileSync(join(files, 'in/c.txt'), 'three');
    expect(await added).toEqual([join(files, 'in/c.txt'), 'added']);
    const gone = next();
    rmSync(join(files, 'a.txt'));
    expect(await gone).toEqual([join(files, 'a.txt'), 'deleted']);
    expect((await index.listDocuments()).map(({ uri }) => uri)).toEqual([join(files, 'in/c.txt')]);
    writeFileSync(join(files, 'in/d.txt'), 'four');
    await watcher.stop();
    expect(await watcher.sync()).toBe(1);
    expect(await watcher.sync()).toBe(0);
  } finally {
    await watcher.stop();
  }
});

/** A server on this machine, with one page at its root. */
async function serve(type: string, body: string): Promise<{ port: number; close: () => void }> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
