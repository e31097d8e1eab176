import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputFile } from '../../../js/cli/files/input.ts';
import { jsonParts } from '../../../js/cli/files/json-items.ts';
import type { Source } from '../../../js/cli/formats/format.ts';
import { vectra } from '../../../js/cli/formats/vectra.ts';
import { QuiverError } from '../../../js/index.ts';
import type { JsonElement, JsonPart } from '../../../js/json-parts.ts';
import { errorOf } from '../../conformance/helpers.ts';
import { fileOf, readAll, scratchFolder } from './helpers.ts';

const folder = scratchFolder();
const emptyFile = fileOf(folder, '.json', '');

type Part = Extract<JsonPart, { kind: 'member' }> | Pick<JsonElement, 'kind' | 'at' | 'value'>;

/** The parts, whose places are checked, without them. */
async function parts(text: string | Uint8Array, chunkBytes = 7, limit?: number): Promise<Part[]> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const file = await InputFile.open(emptyFile);
  const found: Part[] = [];
  try {
    for await (const part of jsonParts(file, 'items', chunks(), limit)) {
      if (part.kind !== 'element') {
        found.push(part);
        continue;
      }
      const { kind, at, value, start, end, comma } = part;
      found.push({ kind, at, value });
      expect(JSON.parse(bytes.toString('utf8', start, end))).toEqual(part.value);
      expect(comma < 0 ? undefined : bytes.toString('utf8', comma, comma + 1)).toBe(
        part.at === 0 ? undefined : ',',
      );
    }
  } finally {
    await file.close();
  }
  return found;
}

/** What jsonParts must give, by JSON.parse. */
function truth(value: Record<string, unknown>): Part[] {
  return Object.entries(value).flatMap(([name, member]): Part[] =>
    name === 'items'
      ? (member as unknown[]).map((element, at) => ({ kind: 'element', at, value: element }))
      : [{ kind: 'member', name, value: member }],
  );
}

const documents = fc
  .record({
    before: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3, noNullPrototype: true }),
    items: fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 5 }),
    after: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3, noNullPrototype: true }),
  })
  .map(({ before, items, after }) => {
    const { items: _, ...rest } = after;
    return JSON.parse(JSON.stringify({ ...before, items, ...rest })) as Record<string, unknown>;
  });

describe('a JSON file in parts', () => {
  test('is what JSON.parse makes of it, however it is cut and spaced', async () => {
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(undefined, 1, '\t', '\r\n'),
        async (value, chunkBytes, space) => {
          const text = JSON.stringify(value, undefined, space === '\r\n' ? undefined : space);
          expect(await parts(space === '\r\n' ? `\ufeff\r\n${text}\n` : text, chunkBytes)).toEqual(
            truth(value),
          );
        },
      ),
    );
  });

  test('is refused when JSON.parse refuses it', async () => {
    const edit = fc.record({
      at: fc.nat(),
      remove: fc.nat(3),
      insert: fc.constantFrom('', '"', '\\', ',', ':', '{', '}', '[', ']', '1', ' ', 'null', '\n'),
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        documents,
        edit,
        fc.integer({ min: 1, max: 9 }),
        async (value, { at, remove, insert }, chunkBytes) => {
          const text = JSON.stringify(value);
          const place = at % (text.length + 1);
          const changed = text.slice(0, place) + insert + text.slice(place + remove);
          let whole: unknown;
          try {
            whole = JSON.parse(Buffer.from(changed).toString());
          } catch {
            refused++;
            await expect(parts(changed, chunkBytes)).rejects.toBeInstanceOf(QuiverError);
            return;
          }
          // Valid JSON is read, unless it has no list of items or, which JSON.parse lets pass, two.
          try {
            const found = await parts(changed, chunkBytes);
            expect(found.filter(({ kind }) => kind === 'element')).toEqual(
              truth({ items: (whole as { items: unknown[] }).items }),
            );
          } catch (error) {
            expect(error).toMatchObject({
              code: 'CORRUPT_FILE',
              message: expect.stringMatching(
                /has no "items"|"items" (twice|is no array)|no JSON object/,
              ),
            });
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test.each([
    [Buffer.from([0xef, 0x7b, 0x7d]), 'expected object, got "{" at byte 1'],
    ['', 'it ends in the outermost object'],
    ['[]', 'it is no JSON object: expected object, got "[" at byte 0'],
    ['{"items":[1,2', 'it ends in item 1'],
    ['{"items":[1 ', 'it ends in the list of items, after 1'],
    ['{"items":[1,]}', 'item 1 is no JSON'],
    ['{"items":[],"items":[]}', 'it has "items" twice'],
    ['{"items":{}}', '"items" is no array'],
    ['{"a":1,}', 'expected key, got "}" at byte 7'],
    ['{"version":1}', 'it has no "items"'],
    ['{"items":[]} {}', 'expected nothing, got "{" at byte 13'],
    ['{"items":[{"a":1]}', 'item 0 is no JSON'],
  ])('%s is refused', async (text, message) => {
    await expect(parts(text)).rejects.toThrow(message);
  });
});

test('a value has a largest size, however it is cut', async () => {
  const text = '{"items":[[1,2],"12345678"]}';
  for (const chunkBytes of [1, 7, 100]) {
    expect(await parts(text, chunkBytes, 10)).toHaveLength(2);
    await expect(parts(text, chunkBytes, 9)).rejects.toThrow('item 1 has more than 9 bytes');
  }
});

/** A folder as Vectra writes it. */
function vectraFolder(index: unknown, files: Record<string, unknown> = {}): string {
  const path = fileOf(folder, '.dir.txt', '').replace('.txt', '');
  mkdirSync(path);
  if (index !== undefined) writeFileSync(join(path, 'index.json'), JSON.stringify(index));
  for (const [name, value] of Object.entries(files))
    writeFileSync(join(path, name), typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('a folder of Vectra', () => {
  const index = {
    version: 1,
    metadata_config: { indexed: ['genre'] },
    items: [
      { id: 'a', metadata: { genre: 'x' }, vector: [0.1, 2], norm: 2.002 },
      { id: 'b', metadata: { genre: 'y' }, vector: [3, 4], norm: 5, metadataFile: 'b-1.json' },
    ],
  };
  const items = [
    { id: 'a', vector: [0.1, 2], metadata: { genre: 'x' } },
    { id: 'b', vector: [3, 4], metadata: { genre: 'y', gloss: 'long' } },
  ];
  const files = { 'b-1.json': { genre: 'y', gloss: 'long' } };

  test('is read with the metadata of its other files', async () => {
    const path = vectraFolder(index, files);
    for (const each of [path, join(path, 'index.json')])
      expect((await readAll(vectra, each)).map(({ item }) => item)).toEqual(items);
    const source = (await vectra.read?.(path)) as Source;
    for await (const _ of source.items())
      expect(source.metadataConfig).toEqual({ indexed: ['genre'] });
    await source.close();
  });

  test.each(['../secret.json', '/etc/passwd', 'a/b', 'a\\b', '..', '.', '', 5, 'a\0b'])(
    'a metadataFile %j does not lead out of it',
    async (metadataFile) => {
      const path = vectraFolder({ items: [{ id: 'a', vector: [1], metadata: {}, metadataFile }] });
      expect(await errorOf(() => readAll(vectra, path))).toMatchObject({
        code: 'CORRUPT_FILE',
        message: expect.stringContaining('item 0: its metadataFile is no file name'),
      });
    },
  );

  test('what is missing or wrong is named', async () => {
    const missing = vectraFolder(index);
    await expect(readAll(vectra, missing)).rejects.toMatchObject({ code: 'ENOENT' });
    const broken = vectraFolder(index, { 'b-1.json': '{' });
    expect((await errorOf(() => readAll(vectra, broken))).message).toMatch(/b-1\.json: is no JSON/);
    truncateSync(join(broken, 'b-1.json'), (64 << 20) + 1);
    expect((await errorOf(() => readAll(vectra, broken))).message).toContain('at most 67108864');
    const protobuf = vectraFolder(undefined, { 'index.pb': 'x' });
    expect(await errorOf(() => readAll(vectra, protobuf))).toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
      message: expect.stringContaining('vectra migrate'),
    });
    const other = vectraFolder(undefined);
    expect((await errorOf(() => readAll(vectra, other))).code).toBe('MISSING_FILE');
    const odd = vectraFolder({ items: [7] });
    expect((await errorOf(() => readAll(vectra, odd))).message).toContain(
      'item 0: it is no object',
    );
    const config = vectraFolder({ metadata_config: { indexed: [1] }, items: [] });
    expect((await errorOf(() => readAll(vectra, config))).message).toContain('no list of names');
  });
});
