// An index in Chromium, over each kind of storage: how late the page's own timer is meanwhile, which is what a user feels, and
// how long each step takes. The page loads dist/ as it is packed, over HTTP.

import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { chromiumArguments, chromiumPath } from '../../scripts/lib/chromium.mjs';
import { numberOption, options } from '../lib/options.mjs';
import { root, scratch } from '../lib/paths.mjs';
import { progress } from '../lib/progress.mjs';
import { count, milliseconds } from '../report/text.mjs';

const rows = numberOption('size', 10_000);
const dimensions = numberOption('dim', 128);
const storages = options.only?.split(',') ?? ['opfs', 'indexeddb', 'memory'];

const types = { html: 'text/html', mjs: 'text/javascript', wasm: 'application/wasm' };
const server = createServer(({ url }, response) => {
  const path = join(root, 'dist', url);
  response.setHeader('content-type', types[url.split('.').at(-1)] ?? 'text/html');
  if (url === '/') response.end('<!doctype html><title>bench</title>');
  else if (existsSync(path)) createReadStream(path).pipe(response);
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const executablePath = chromiumPath();
// With a profile on the disk: without one, Chromium keeps what is stored in memory.
const context = await chromium.launchPersistentContext(join(scratch(), 'profile'), {
  args: chromiumArguments,
  ...(executablePath === undefined ? {} : { executablePath }),
});

/** Runs in the page. */
async function measureInPage({ storage, rows, dimensions }) {
  const { LocalIndex } = await import('/browser.mjs');
  let seed = 1;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  const items = Array.from({ length: rows }, (_, n) => ({
    id: `item ${n}`,
    vector: Float32Array.from({ length: dimensions }, next),
    metadata: { n },
  }));
  const index = new LocalIndex(`bench ${storage}`, { storage });
  const steps = [];
  const step = async (what, task) => {
    let stallMs = 0;
    let stalls = 0;
    let last = performance.now();
    // Messages are not slowed down as timers are.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const now = performance.now();
      stallMs = Math.max(stallMs, now - last);
      if (now - last > 16) stalls++;
      last = now;
      port2.postMessage(undefined);
    };
    port2.postMessage(undefined);
    const started = performance.now();
    await task();
    const ms = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 20));
    port1.close();
    steps.push({ storage, what, ms, stallMs, stalls });
  };
  await step('open, with the worker and the module', () => index.createIndex());
  await step('insert, 500 at once', () =>
    index.insertItems(items.slice(0, rows / 2), { batchSize: 500 }),
  );
  await step('insert the rest in one transaction', () => index.insertItems(items.slice(rows / 2)));
  await step('build the graph', () => index.optimize());
  await step('1,000 queries', async () => {
    for (let n = 0; n < 1000; n++) await index.query({ vector: items[n].vector, topK: 10 });
  });
  await step('100 single inserts', async () => {
    for (let n = 0; n < 100; n++) await index.upsertItem(items[n]);
  });
  await step('list all items', () => index.listItems());
  await step('close and open', async () => {
    await index.close();
    const again = new LocalIndex(`bench ${storage}`, { storage });
    await again.open();
    await again.deleteIndex();
    await again.close();
  });
  return steps;
}

const results = [];
try {
  for (const storage of storages) {
    progress(storage);
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    results.push(...(await page.evaluate(measureInPage, { storage, rows, dimensions })));
    await page.close();
  }
} finally {
  await context.close();
  server.close();
}

export const report = {
  sections: [
    {
      title: `${count(rows)} × ${dimensions} at random, in Chromium`,
      note: 'How late a message of the page to itself came, at most. On a busy machine that is the others as well: look at the load.',
      chart: {
        kind: 'bars',
        label: 'longest stall of the page in milliseconds',
        bars: results.map(({ storage, what, stallMs }) => ({
          name: `${storage}: ${what}`,
          value: stallMs,
          text: `${milliseconds(stallMs)} ms`,
        })),
      },
      table: {
        headings: ['', 'longest stall ms', 'stalls over 16 ms', 'took ms'],
        rows: results.map(({ storage, what, stallMs, stalls, ms }) => [
          `${storage}: ${what}`,
          milliseconds(stallMs),
          count(stalls),
          milliseconds(ms),
        ]),
      },
    },
  ],
  figures: { rows, dimensions, results },
};
