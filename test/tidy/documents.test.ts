// What the papers say about the project: links lead somewhere, named files exist, the README's example runs.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const notOurs = new Set(['build', 'dist', 'node_modules', 'coverage']);
const ours = readdirSync(root, { withFileTypes: true })
  .filter(({ name }) => !name.startsWith('.') && !notOurs.has(name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map((name) =>
          join(entry.name, name),
        )
      : [entry.name],
  )
  .filter((path) => path.endsWith('.md') && !path.split(sep).includes('node_modules'));

/** Starts of paths that must exist when a page names them. */
const folders = /^(src|js|wasm|test|bench|scripts|docs|examples)\//;

describe('documents', () => {
  test('there are some', () => {
    expect(ours).toEqual(expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md']));
  });

  test.each(ours)('%s: links and named files exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) =>
      join(dirname(page), target),
    );
    const named = [...text.matchAll(/`([\w./-]+)`/g)]
      .map(([, name = '']) => name)
      .filter((name) => folders.test(name));
    const missing = [...links, ...named].filter((path) => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });

  test("the README's example runs as it stands", () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const example = /```js\n(import \{ LocalIndex[\s\S]*?)```/.exec(readme)?.[1] ?? '';
    // Inside the package, so that its own name leads to it.
    const folder = join(root, 'build');
    mkdirSync(folder, { recursive: true });
    const script = join(folder, `readme-${process.pid}.mjs`);
    const where = mkdtempSync(join(tmpdir(), 'quiver-readme-'));
    try {
      writeFileSync(script, example);
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
        cwd: where,
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout.split('\n')[0]).toBe("0.994 apple { kind: 'fruit', price: 1.2 }");
    } finally {
      rmSync(script, { force: true });
      rmSync(where, { recursive: true, force: true });
    }
  });
});
