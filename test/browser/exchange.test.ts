import { expect, test } from 'vitest';
import { commands } from 'vitest/browser';
import { LocalIndex } from '../../js/browser.ts';
import { tarOf } from '../conformance/archive.suite.ts';
import golden from '../golden/format-1.json';

const files = ['seg-000004.qseg', 'seg-000006.qseg', 'log-000005.qlog', 'manifest'];

test('an index that Node has made is fetched and opened, and given away again', async () => {
  const entries = await Promise.all(
    files.map(async (name): Promise<[string, Uint8Array]> => {
      const text = await commands.readFile(`test/golden/format-1/${name}`, 'base64');
      return [name, Uint8Array.from(atob(text), (char) => char.charCodeAt(0))];
    }),
  );
  const archive = new Blob([tarOf(entries) as Uint8Array<ArrayBuffer>]);
  const url = URL.createObjectURL(archive);
  const progress: unknown[] = [];
  const name = `golden ${crypto.randomUUID()}`;
  const index = await LocalIndex.fromUrl(url, name, { onProgress: (each) => progress.push(each) });
  expect(await index.verify()).toEqual({ ok: true, items: golden.items, problems: [] });
  expect(progress.at(-1)).toEqual({ done: archive.size, total: archive.size });
  const again = await LocalIndex.importArchive(await index.exportBlob(), `${name} again`, {
    storage: 'indexeddb',
  });
  expect(await again.listItems()).toEqual(await index.listItems());
  await Promise.all([index.close(), again.close()]);
});

test('the browser can be asked to keep what is stored, and how much that is', async () => {
  expect(typeof (await LocalIndex.persist())).toBe('boolean');
  const { usage, quota } = await LocalIndex.storageEstimate();
  expect(usage).toBeGreaterThanOrEqual(0);
  expect(quota).toBeGreaterThan(usage);
});
