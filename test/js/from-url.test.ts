// Method: a server that breaks connections, changes the file, or knows no ranges.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { LocalIndex } from '../../js/index.ts';
import { errorOf, randomVectors } from '../conformance/helpers.ts';
import { newFolder } from '../conformance/node.ts';

let archive: Buffer;
let folder: string;
let remove: () => Promise<void>;
const ends: (() => void)[] = [];

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function serve(answer: Answer): Promise<{ url: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response, ranges.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.tar`, ranges };
}

/** From where a request asks. */
const startOf = ({ headers }: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]);

function answerRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: number,
  etag = '"1"',
): void {
  const start = startOf(request);
  response.writeHead(206, {
    etag,
    'content-range': `bytes ${start}-${archive.length - 1}/${archive.length}`,
    'content-length': archive.length - start,
  });
  response.write(archive.subarray(start, start + bytes), () => {
    if (start + bytes >= archive.length) response.end();
    else response.destroy();
  });
}

beforeAll(async () => {
  const place = await newFolder();
  const index = new LocalIndex(place.folder);
  await index.createIndex();
  const vectors = randomVectors(2000, 32, 3);
  await index.insertItems(vectors.map((vector, n) => ({ id: `id${n}`, vector })));
  archive = Buffer.from(await (await index.exportBlob()).arrayBuffer());
  await index.close();
  await place.remove();
});

beforeEach(async () => {
  ({ folder, remove } = await newFolder());
});

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await remove();
});

test('a connection that breaks is made again from where it broke', async () => {
  const { url, ranges } = await serve((request, response) =>
    answerRange(request, response, 100_000),
  );
  const progress: { done: number; total?: number }[] = [];
  const index = await LocalIndex.fromUrl(url, folder, {
    onProgress: (each) => progress.push(each),
  });
  expect(await index.verify()).toMatchObject({ ok: true, items: 2000 });
  await index.close();
  expect(ranges.length).toBeGreaterThan(2);
  expect(ranges[0]).toBe('bytes=0-');
  expect(new Set(ranges).size).toBe(ranges.length);
  expect(progress.at(-1)).toEqual({ done: archive.length, total: archive.length });
});

test('a server without ranges is read at once, and not again', async () => {
  const whole = await serve((_, response) => response.end(archive));
  const index = await LocalIndex.fromUrl(whole.url, folder);
  expect((await index.getIndexStats()).items).toBe(2000);
  await index.close();
  const { url, ranges } = await serve((_, response) => {
    response.writeHead(200, { 'content-length': archive.length });
    response.write(archive.subarray(0, 1000), () => response.destroy());
  });
  const error = await errorOf(() => LocalIndex.fromUrl(url, `${folder}2`));
  expect(error.code).toBe('IO_ERROR');
  expect(error.message).toContain('no ranges');
  expect(ranges).toHaveLength(1);
  expect(await new LocalIndex(`${folder}2`).isIndexCreated()).toBe(false);
});

test('a file that changed meanwhile is refused', async () => {
  const { url } = await serve((request, response, count) =>
    answerRange(request, response, 100_000, `"${count}"`),
  );
  const error = await errorOf(() => LocalIndex.fromUrl(url, folder));
  expect(error.message).toContain('changed');
  expect(await new LocalIndex(folder).isIndexCreated()).toBe(false);
});

test('a server that is busy is asked again; one that has nothing is not', async () => {
  const busy = await serve((request, response, count) => {
    if (count < 3) response.writeHead(503).end();
    else answerRange(request, response, archive.length);
  });
  await (await LocalIndex.fromUrl(busy.url, folder)).close();
  expect(busy.ranges).toHaveLength(3);
  const { url, ranges } = await serve((_, response) => response.writeHead(404).end());
  const error = await errorOf(() => LocalIndex.fromUrl(url, `${folder}2`));
  expect(error).toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('404') });
  expect(ranges).toHaveLength(1);
});

test('an abort stops at once, also a pause', async () => {
  const { url } = await serve((_, response) => response.writeHead(503).end());
  const stop = new AbortController();
  const reason = new Error('enough');
  const loading = LocalIndex.fromUrl(url, folder, { signal: stop.signal });
  setTimeout(() => stop.abort(reason), 50);
  await expect(loading).rejects.toBe(reason);
  expect((await errorOf(() => LocalIndex.fromUrl(url, folder, { retries: 1 } as never))).code).toBe(
    'INVALID_ARGUMENT',
  );
});
