import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalIndex } from '../../js/index.ts';
import { describeIndex, hashOf, queryVectors } from '../golden/describe.mjs';

// What released versions wrote, and what they answered. A folder here never changes again.
const golden = join(import.meta.dirname, '../golden');
const names = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

test('there is a folder of each format', () => {
  expect(names).toContain('format-1');
});

describe.each(names)('%s', (name) => {
  const expected = JSON.parse(readFileSync(join(golden, `${name}.json`), 'utf8'));
  const scratch = mkdtempSync(join(tmpdir(), 'quiver-golden-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  describe.each(['native', 'wasm'] as const)('%s', (backend) => {
    const folder = join(scratch, backend);
    beforeAll(() => cpSync(join(golden, name), folder, { recursive: true }));

    test('is read as it was written', async () => {
      const files = readdirSync(folder).sort();
      const index = new LocalIndex(folder, { backend, readOnly: true });
      expect(await describeIndex(index, queryVectors(expected.index.dimensions))).toEqual(expected);
      expect(await index.verify()).toEqual({ ok: true, items: expected.items, problems: [] });
      await index.close();
      expect(readdirSync(folder).sort()).toEqual(files);
    });

    test('is written on', async () => {
      const index = new LocalIndex(folder, { backend });
      const vector = new Float32Array(expected.index.dimensions).fill(0.5);
      await index.insertItem({ id: 'new', vector, metadata: { number: 1 } });
      await index.optimize();
      await index.deleteItem('new');
      expect(hashOf(await index.listItems())).toBe(expected.hash);
      expect((await index.verify()).ok).toBe(true);
      await index.close();
    });
  });
});
