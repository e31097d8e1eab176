// The built command as a process of its own, on both backends: from other people's files to an index and back.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalIndex } from '../../../js/index.ts';
import { type Ran, scratchFolder } from './helpers.ts';

const program = join(import.meta.dirname, '../../../dist/cli.mjs');
const folder = scratchFolder();

function start(backend: string, argv: readonly string[]): ChildProcess {
  const env = { ...process.env, QUIVER_BACKEND: backend };
  return spawn(process.execPath, [program, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<Ran> {
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [status] = (await once(child, 'close')) as [number];
  return { status, out, err };
}

describe.each(['native', 'wasm'])('quiver on %s', (backend) => {
  const quiver = (...argv: string[]): Promise<Ran> => ended(start(backend, argv));
  const path = (name: string): string => join(folder, `${backend}-${name}`);

  test('a file goes through an index and comes out equal', async () => {
    const items = Array.from({ length: 2500 }, (_, i) => ({
      id: i === 0 ? '\ufeff\0"é😀\n' : `id ${i}`,
      vector: [Math.fround(Math.sin(i)), 0.25, i],
      metadata: { i, tags: [`t${i % 3}`, null, { deep: -0.5 }], text: '\u2028' },
    }));
    writeFileSync(path('in.jsonl'), items.map((item) => `${JSON.stringify(item)}\n`).join(''));
    expect(await quiver('import', path('in.jsonl'), path('a'), '--metric', 'l2')).toEqual({
      status: 0,
      out: expect.stringContaining('imported 2,500 items'),
      err: '',
    });
    const stats = JSON.parse((await quiver('stats', path('a'), '--json')).out) as object;
    expect(stats).toMatchObject({ items: 2500, dimensions: 3, metric: 'l2', backend });
    expect((await quiver('verify', path('a'))).out).toBe('ok: 2,500 items\n');

    expect((await quiver('export', path('a'), path('out.jsonl'))).status).toBe(0);
    expect((await quiver('import', path('out.jsonl'), path('b'))).status).toBe(0);
    await using a = new LocalIndex(path('a'));
    await using b = new LocalIndex(path('b'));
    const back = await b.listItems();
    expect(back).toStrictEqual(await a.listItems());
    expect(back.map(({ id, vector, metadata }) => ({ id, vector: [...vector], metadata }))).toEqual(
      items,
    );
    await Promise.all([a.close(), b.close()]);

    // The first id has a line break.
    expect((await quiver('export', path('a'), path('out.npy'))).err).toMatch(/INVALID_ID/);
    expect(existsSync(path('out.npy'))).toBe(false);
    const filter = ['--filter', '{"i":{"$gt":0}}'];
    expect((await quiver('export', path('a'), path('out.npy'), ...filter)).status).toBe(0);
    const besides = ['--ids', path('out.ids.txt'), '--metadata', path('out.metadata.jsonl')];
    expect((await quiver('import', path('out.npy'), path('c'), ...besides)).status).toBe(0);
    await quiver('export', path('c'), path('c.jsonl'));
    expect(readFileSync(path('c.jsonl'), 'utf8')).toBe(
      readFileSync(path('out.jsonl'), 'utf8').replace(/^[^\n]*\n/, ''),
    );
  }, 120_000);

  test('statuses and messages leave the process as they should', async () => {
    expect(await quiver('stats', path('none'))).toEqual({
      status: 1,
      out: '',
      err: 'quiver: INDEX_NOT_FOUND: Index does not exist\n',
    });
    expect(await quiver('stats')).toMatchObject({ status: 2, out: '' });
    expect((await quiver('--help')).status).toBe(0);
  });

  test('an index that another process has open is read, and not written', async () => {
    writeFileSync(path('one.jsonl'), '{"id":"a","vector":[1,2]}\n');
    await quiver('import', path('one.jsonl'), path('held'));
    await using writer = new LocalIndex(path('held'));
    await writer.insertItem({ id: 'b', vector: [1, 2] });
    expect((await quiver('stats', path('held'))).out).toMatch(/^items +2$/m);
    expect((await quiver('verify', path('held'))).out).toBe('ok: 2 items\n');
    const exported = await quiver('export', path('held'), path('held.jsonl'));
    expect(exported.out).toContain('exported 2 items');
    const { status, err } = await quiver('import', path('one.jsonl'), path('held'));
    expect(status).toBe(1);
    expect(err).toMatch(/^quiver: LOCKED: /);
  }, 60_000);

  test.skipIf(process.platform === 'win32')(
    'SIGINT keeps what was written and says how much',
    async () => {
      execFileSync('mkfifo', [path('pipe')]);
      const child = start(backend, [
        'import',
        path('pipe'),
        path('stopped'),
        '--format=jsonl',
        '--batch=100',
      ]);
      const ending = ended(child);
      const pipe = createWriteStream(path('pipe'));
      pipe.on('error', () => undefined); // it is left before its end
      pipe.write('{"vector":[1,2]}\n'.repeat(1050));
      while (!existsSync(path('stopped'))) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill('SIGINT');
      // The process waits for the pipe, and looks up when something comes.
      const feed = setInterval(() => pipe.write('{"vector":[1,2]}\n'), 50);
      const { status, out, err } = await ending;
      clearInterval(feed);
      pipe.destroy();
      expect({ status, out }).toEqual({ status: 130, out: '' });
      const said = /^quiver: interrupted, ([\d,]+) items are kept in/.exec(err)?.[1] ?? err;
      await using index = new LocalIndex(path('stopped'));
      expect((await index.getIndexStats()).items).toBe(Number(said.replace(',', '')));
    },
    60_000,
  );
});
