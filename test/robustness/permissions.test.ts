// Method: a child process without the rights tries to use folders that it may not read or not write. Each try ends with the
// code that says so and names the place, and nothing is changed.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalIndex } from '../../js/index.ts';

const script = fileURLToPath(new URL('./children/permissions.mjs', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quiver-permissions-'));
  const index = new LocalIndex(join(folder, 'index'));
  await index.createIndex();
  await index.insertItem({ id: 'a', vector: [1, 2] });
  await index.close();
  await mkdir(join(folder, 'closed'));
  await writeFile(join(folder, 'file'), 'not a folder');
  await chmod(folder, 0o755);
  await chmod(join(folder, 'index'), 0o555);
  await chmod(join(folder, 'closed'), 0o000);
});

afterEach(async () => {
  await chmod(join(folder, 'index'), 0o755);
  await chmod(join(folder, 'closed'), 0o755);
  await rm(folder, { recursive: true, force: true });
});

async function snapshot(): Promise<Record<string, string>> {
  const names = await readdir(join(folder, 'index'));
  const files = names.map(async (name) => [
    name,
    (await readFile(join(folder, 'index', name))).toString('hex'),
  ]);
  return Object.fromEntries(await Promise.all(files));
}

test.each(['native', 'wasm'])('%s: without rights', async (backend) => {
  const before = await snapshot();
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder, backend]);
  const outcome = JSON.parse(stdout) as Record<string, { code?: string; message?: string }>;
  const denied = { code: 'PERMISSION_DENIED', message: expect.stringContaining(folder) };
  expect(outcome).toEqual({
    createInClosed: denied,
    openInClosed: denied,
    // Reading needs no right to write.
    read: { value: 1 },
    write: denied,
    readAfter: { value: 1 },
    deleteIndex: denied,
    createInFile: { code: expect.any(String), message: expect.stringContaining('file') },
    openFile: { code: 'INDEX_NOT_FOUND', message: expect.any(String) },
  });
  expect(outcome['createInFile']?.code).toBe('IO_ERROR');
  expect(await snapshot()).toEqual(before);
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('not a folder');
});
