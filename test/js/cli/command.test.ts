// The commands as they are called, in this process: arguments, help, messages, exit statuses.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { commands } from '../../../js/cli/commands.ts';
import { asQuiverError, errorLine, Interrupted, printable } from '../../../js/cli/failure.ts';
import { bytes, count, duration, ProgressLine } from '../../../js/cli/progress.ts';
import { LocalIndex, QuiverError } from '../../../js/index.ts';
import { fileOf, quiver, scratchFolder } from './helpers.ts';

const folder = scratchFolder();
let made = 0;
const newIndex = (): string => join(folder, `index${made++}`);
const lines = (items: readonly object[]): string =>
  fileOf(folder, '.jsonl', items.map((item) => `${JSON.stringify(item)}\n`).join(''));
const abc = ['a', 'b', 'c'].map((id, i) => ({ id, vector: [i, 1], metadata: { i } }));

async function idsOf(path: string): Promise<string[]> {
  await using index = new LocalIndex(path);
  return (await index.listItems()).map(({ id }) => id);
}

describe('wrong usage has the status 2 and one line', () => {
  test.each([
    [['statz', 'x'], 'There is no command "statz": did you mean stats?'],
    [['frobnicate'], 'there are stats, verify, import, export, snapshot, restore, repair'],
    [['help', 'xport'], 'did you mean export?'],
    [['stats'], 'quiver stats takes DIR, got nothing; see quiver help stats'],
    [['stats', 'a', 'b'], 'takes DIR, got "a" "b"'],
    [['import', 'a'], 'takes FILE and DIR, got "a"'],
    [['stats', ''], 'A path is empty'],
    [['stats', 'a', '--jsn'], 'Unknown option --jsn of quiver stats: did you mean --json?'],
    [['verify', 'a', '--fast'], 'Unknown option --fast of quiver verify: it takes none'],
    [['stats', 'a', '-x'], 'Unknown option -x of quiver stats: known are --json'],
    [['stats', 'a', '--json=1'], '--json takes no value, got "1"'],
    [['stats', 'a', '--json', '--json'], '--json is given twice'],
    [['import', 'a', 'b', '--ids'], '--ids needs a value: --ids FILE'],
    [
      ['import', 'a', 'b', '--ids', '--upsert'],
      '--ids needs a value: --ids FILE, or --ids=--upsert',
    ],
    [['import', 'a', 'b', '--metric', 'cos'], 'one of cosine, l2, ip for --metric, got "cos"'],
    [['import', 'a', 'b', '--batch', '0'], 'a whole number from 1 to 1000000 for --batch, got "0"'],
    [['import', 'a', 'b', '--limit', '1e3'], 'for --limit, got "1e3"'],
    [['import', 'a', 'b', '--dimensions=-4'], 'for --dimensions, got "-4"'],
    [
      ['import', import.meta.filename, 'b'],
      'does not tell its format; give --format, one of npy, fvecs, bvecs, jsonl, vectra',
    ],
    [['export', 'a', 'b', '--filter', '{'], '--filter is no JSON: '],
  ])('%j', async (argv, message) => {
    const { status, out, err } = await quiver(argv);
    expect(err).toMatch(/^quiver: INVALID_ARGUMENT: [^\n]*\n$/);
    expect(err).toContain(message);
    expect({ status, out }).toEqual({ status: 2, out: '' });
  });

  test('without a command, the help goes where errors go', async () => {
    const { status, out, err } = await quiver([]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain('quiver import FILE DIR [options]');
  });
});

describe('help', () => {
  test('names every command, and each its options', async () => {
    const { status, out } = await quiver(['--help']);
    expect(status).toBe(0);
    expect((await quiver(['help'])).out).toBe(out);
    for (const command of commands) {
      expect(out).toContain(`quiver ${command.name} `);
      const help = (await quiver(['help', command.name])).out;
      for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`);
      expect((await quiver([command.name, '--help'])).out).toBe(help);
      for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'),
    ) as { version: string };
    expect(await quiver(['--version'])).toEqual({ status: 0, out: `${version}\n`, err: '' });
  });

  test('docs/cli.md lists the same commands and options', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
    const sections = page.split(/^## quiver /m).slice(1);
    expect(sections.map((section) => /^\w+/.exec(section)?.[0])).toEqual(
      commands.map(({ name }) => name),
    );
    for (const [i, { name }] of commands.entries()) {
      const { out } = await quiver(['help', name]);
      const wanted = [...out.matchAll(/^ {2}(--[\w-]+(?: [A-Z]+)?)/gm)].map(([, option]) => option);
      const listed = [...(sections[i] ?? '').matchAll(/^\| `(--[^`]+)`/gm)].map(
        ([, option]) => option,
      );
      expect(listed).toEqual(wanted);
      expect(sections[i]).toMatch(new RegExp(`^quiver ${name} `, 'm'));
    }
  });
});

describe('stats and verify', () => {
  test('tell what an index holds', async () => {
    const index = newIndex();
    await quiver(['import', lines(abc), index, '--metric', 'l2']);
    const { status, out } = await quiver(['stats', index]);
    expect(status).toBe(0);
    expect(out).toMatch(/^items +3$/m);
    expect(out).toMatch(/^metric +l2$/m);
    const json = JSON.parse((await quiver(['stats', index, '--json'])).out) as object;
    expect(json).toMatchObject({ items: 3, dimensions: 2, metric: 'l2', M: 16, headRows: 3 });
    expect(await quiver(['verify', index])).toEqual({ status: 0, out: 'ok: 3 items\n', err: '' });
  });

  test('say so when there is none', async () => {
    for (const command of ['stats', 'verify'])
      expect(await quiver([command, join(folder, 'none')])).toEqual({
        status: 1,
        out: '',
        err: 'quiver: INDEX_NOT_FOUND: Index does not exist\n',
      });
  });

  test('verify fails on a damaged file', async () => {
    const index = newIndex();
    const items = Array.from({ length: 300 }, (_, i) => ({ vector: [i, 1, 2, 3] }));
    expect((await quiver(['import', lines(items), index, '--optimize'])).status).toBe(0);
    const segment = readdirSync(index).find((name) => /seg/i.test(name)) as string;
    const file = readFileSync(join(index, segment));
    file[file.length >> 1] = (file[file.length >> 1] as number) ^ 0xff;
    writeFileSync(join(index, segment), file);
    const { status, out } = await quiver(['verify', index]);
    expect(status).toBe(1);
    expect(out).toMatch(`${segment} is corrupt: `);
  });

  test('verify lists the problems, a line each', async () => {
    const problems = ['one', 'two\n lines'];
    const found = vi.spyOn(LocalIndex.prototype, 'verify');
    found.mockResolvedValueOnce({ ok: false, items: 3, problems });
    expect(await quiver(['verify', newIndex()])).toEqual({
      status: 1,
      out: 'one\ntwo lines\n',
      err: '',
    });
    found.mockRestore();
  });
});

describe('import', () => {
  test('makes an index, adds to one, and replaces when told', async () => {
    const index = newIndex();
    const path = lines(abc);
    expect((await quiver(['import', path, index])).out).toMatch(
      /^imported 3 items into .*: 3 added, 0 replaced\n$/,
    );
    const again = await quiver(['import', path, index]);
    expect(again.status).toBe(1);
    expect(again.err).toBe(
      `quiver: ITEM_EXISTS: ${path}, line 1: Item with id a already exists (--upsert replaces items that are there)\n`,
    );
    const more = lines([...abc, { id: 'd', vector: [4, 4] }]);
    expect((await quiver(['import', more, index, '--upsert'])).out).toContain(
      '1 added, 3 replaced',
    );
    expect(await idsOf(index)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('numbers items without ids, over all batches', async () => {
    const index = newIndex();
    const items = Array.from({ length: 25 }, (_, i) => ({
      vector: [i],
      ...(i === 7 ? { id: 'x' } : {}),
    }));
    const { status } = await quiver([
      'import',
      lines(items),
      index,
      '--batch=4',
      '--id-prefix',
      'row-',
    ]);
    expect(status).toBe(0);
    expect(await idsOf(index)).toEqual(items.map(({ id }, i) => id ?? `row-${i}`));
  });

  test('stops at its limit', async () => {
    for (const [limit, batch] of [
      [0, 5],
      [1, 5],
      [5, 5],
      [7, 5],
      [99, 5],
    ] as const) {
      const index = newIndex();
      const items = Array.from({ length: 12 }, (_, i) => ({ vector: [i] }));
      await quiver(['import', lines(items), index, '--limit', String(limit), `--batch=${batch}`]);
      expect(await idsOf(index)).toHaveLength(Math.min(12, limit));
    }
  });

  test('names the line, keeps the batches before, and says how many items', async () => {
    const index = newIndex();
    const path = lines([...abc, { id: 'd', vector: [1, 2] }, { id: 'e', vector: [1] }]);
    expect(await quiver(['import', path, index, '--batch', '2'])).toEqual({
      status: 1,
      out: '',
      err: `quiver: DIMENSION_MISMATCH: ${path}, line 5: The vector of this item (id "e") has 1 numbers, expected 2; the 4 items before are kept in ${index}\n`,
    });
    expect(await idsOf(index)).toEqual(['a', 'b', 'c', 'd']);
    const broken = fileOf(
      folder,
      '.jsonl',
      '{"id":"x","vector":[1,2]}\n{"id":"y","vector":[1,2]}\n{',
    );
    const { err } = await quiver(['import', broken, index, '--batch', '2']);
    expect(err).toMatch(/line 3 is no JSON: .*; the 2 items before are kept in /);
    expect(await idsOf(index)).toEqual(['a', 'b', 'c', 'd', 'x', 'y']);
  });

  test.each([
    ['a vector that is missing', { id: 'a' }, 'INVALID_VECTOR: F, line 2: Vector is required'],
    [
      'a vector of texts',
      { vector: ['1', '2'] },
      'INVALID_VECTOR: F, line 2: The vector of this item (id "1") has "1" (string)',
    ],
    ['a number beyond float32', { vector: [1e39, 0] }, 'which is beyond float32'],
    [
      'an empty id',
      { id: '', vector: [1, 2] },
      'INVALID_ID: F, line 2: The id of this item: expected at least',
    ],
    [
      'an id of no text',
      { id: [1], vector: [1, 2] },
      'INVALID_ID: F, line 2: The id of this item: expected a string',
    ],
    [
      'metadata of a list',
      { vector: [1, 2], metadata: [1] },
      'INVALID_METADATA: F, line 2: This item'.replace('This', 'this'),
    ],
  ])('%s is refused, and no index is left', async (_, item, message) => {
    const index = newIndex();
    const path = lines([{ vector: [1, 2] }, item]);
    const { status, err } = await quiver(['import', path, index]);
    expect(status).toBe(1);
    expect(err.replaceAll(path, 'F')).toContain(message);
    expect(existsSync(index)).toBe(false);
  });

  test('checks dimensions before it reads or makes anything', async () => {
    const index = newIndex();
    const vectors = fileOf(folder, '.bvecs', Buffer.of(3, 0, 0, 0, 1, 2, 3));
    const wrong = await quiver(['import', vectors, index, '--dimensions', '2']);
    expect(wrong).toMatchObject({ status: 1, err: expect.stringContaining('DIMENSION_MISMATCH') });
    expect(existsSync(index)).toBe(false);
    await quiver(['import', lines(abc), index]);
    expect((await quiver(['import', vectors, index])).err).toBe(
      `quiver: DIMENSION_MISMATCH: The vectors of ${vectors} have 3 numbers, those of the index have 2\n`,
    );
    expect((await quiver(['import', lines(abc), index, '--metric', 'ip'])).err).toContain(
      'INVALID_ARGUMENT: The index in',
    );
  });

  test('takes ids and metadata from other files, for bare vectors only', async () => {
    const index = newIndex();
    const vectors = fileOf(folder, '.bvecs', Buffer.of(1, 0, 0, 0, 5, 1, 0, 0, 0, 6));
    const ids = fileOf(folder, '.txt', 'x\ny\n');
    const metadata = fileOf(folder, '.jsonl', '{"k":1}\n{"k":2}\n');
    await quiver(['import', vectors, index, '--ids', ids, '--metadata', metadata]);
    await using opened = new LocalIndex(index);
    expect(await opened.getItem('y')).toMatchObject({
      vector: Float32Array.of(6),
      metadata: { k: 2 },
    });
    const refused = await quiver(['import', lines(abc), newIndex(), '--ids', ids]);
    expect(refused).toMatchObject({
      status: 2,
      err: expect.stringContaining('--ids is for files of bare'),
    });
  });

  test('missing files, folders and refused formats', async () => {
    const index = newIndex();
    const failing = async (path: string, ...more: string[]): Promise<string> =>
      (await quiver(['import', path, index, ...more])).err;
    expect(await failing(join(folder, 'none.npy'))).toMatch(/^quiver: MISSING_FILE: ENOENT/);
    expect(await failing(fileOf(folder, '.ivecs', ''))).toMatch(
      /UNSUPPORTED_FORMAT: .*row numbers/,
    );
    expect(await failing(fileOf(folder, '.pb', ''))).toMatch(
      /UNSUPPORTED_FORMAT: .*vectra migrate/,
    );
    expect(await failing(folder)).toMatch(/MISSING_FILE: .* has no index.json/);
    expect(await failing(folder, '--format', 'jsonl')).toMatch(/INVALID_ARGUMENT: Expected a file/);
    expect(existsSync(index)).toBe(false);
  });

  test('an empty file makes an empty index', async () => {
    const index = newIndex();
    expect((await quiver(['import', fileOf(folder, '.jsonl', ''), index])).status).toBe(0);
    expect(await idsOf(index)).toEqual([]);
  });

  test('an interruption keeps what is written and says how much', async () => {
    const index = newIndex();
    const early = await quiver(['import', lines(abc), index], AbortSignal.abort(new Interrupted()));
    expect(early).toEqual({
      status: 130,
      out: '',
      err: 'quiver: interrupted before anything was written\n',
    });
    expect(existsSync(index)).toBe(false);
  });
});

describe('export', () => {
  test('filters, leaves out vectors, and replaces a file', async () => {
    const index = newIndex();
    await quiver(['import', lines(abc), index]);
    const path = fileOf(folder, '.jsonl', 'old');
    const { status, out } = await quiver([
      'export',
      index,
      path,
      '--filter',
      '{"i":{"$gte":1}}',
      '--no-vectors',
    ]);
    expect({ status, out }).toEqual({ status: 0, out: `exported 2 items to ${path}\n` });
    expect(readFileSync(path, 'utf8')).toBe(
      '{"id":"b","metadata":{"i":1}}\n{"id":"c","metadata":{"i":2}}\n',
    );
  });

  test('a failure leaves the old file and no other', async () => {
    const index = newIndex();
    await quiver(['import', lines(abc), index]);
    const path = fileOf(folder, '.jsonl', 'old');
    const before = readdirSync(folder).sort();
    expect((await quiver(['export', index, path, '--filter', '{"i":{"$near":1}}'])).err).toMatch(
      /^quiver: INVALID_FILTER: /,
    );
    const stopped = await quiver(['export', index, path], AbortSignal.abort(new Interrupted()));
    expect(stopped).toEqual({
      status: 130,
      out: '',
      err: `quiver: interrupted, ${path} was not written\n`,
    });
    expect((await quiver(['export', index, join(folder, 'x.npy'), '--no-vectors'])).status).toBe(2);
    expect((await quiver(['export', index, join(folder, 'x.fvecs')])).err).toContain(
      'The format fvecs is not written; expected one of npy, jsonl',
    );
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  test('an empty index is an empty file', async () => {
    const index = newIndex();
    await quiver(['import', fileOf(folder, '.jsonl', ''), index]);
    const path = join(folder, 'empty.npy');
    expect((await quiver(['export', index, path])).status).toBe(0);
    expect((await quiver(['import', path, newIndex()])).out).toContain('imported 0 items');
  });
});

describe('messages', () => {
  test('are one line whatever they quote', () => {
    expect(errorLine(new QuiverError('INTERNAL', 'a\n  b\u001b[31mc\u202ed'))).toBe(
      'quiver: INTERNAL: a b\\u001b[31mc\\u202ed',
    );
    expect(printable('é 漢 😀')).toBe('é 漢 😀');
  });

  test('errors of the system get our codes', () => {
    const code = (name: string): string =>
      asQuiverError(Object.assign(new Error('x'), { code: name })).code;
    expect(['ENOENT', 'EACCES', 'ENOSPC', 'EIO', 'ERR_X'].map(code)).toEqual([
      'MISSING_FILE',
      'PERMISSION_DENIED',
      'NO_SPACE',
      'IO_ERROR',
      'INTERNAL',
    ]);
    expect(asQuiverError('text').message).toBe('text');
  });
});

describe('progress', () => {
  test('is drawn on a terminal now and then, and removed', () => {
    let [now, written] = [0, ''];
    const output = { isTTY: true, columns: 60, write: (text: string) => (written += text) };
    const line = new ProgressLine(output, 'rows', () => now);
    now = 2000;
    line.show(10_000, 0.25);
    expect(written).toBe('\r\u001b[K10,000 rows · 5,000 rows/s · 25% · ETA 0:06');
    now = 2100;
    line.show(11_000, 0.3);
    expect(written).not.toContain('11,000');
    now = 2300;
    line.show(12_000, undefined);
    line.clear();
    expect(written.endsWith('\r\u001b[K12,000 rows · 5,217 rows/s\r\u001b[K')).toBe(true);
  });

  test('is silent elsewhere', () => {
    const line = new ProgressLine({ write: () => expect.unreachable() }, 'rows');
    line.show(1, 0.5);
    line.clear();
  });

  test('numbers are easy to read', () => {
    expect([0, 999, 1000, 1234567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0, 59.5, 61, 3661].map(duration)).toEqual(['0:00', '1:00', '1:01', '1:01:01']);
    expect([0, 999, 1500, 2.5e9].map(bytes)).toEqual(['0 B', '999 B', '1.5 kB', '2.5 GB']);
  });
});
