// Children are plain programs: they run what js/vectra is, bundled once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';
import { afterAll, beforeAll } from 'vitest';

/** The path of a module with all of quiverdb/vectra, there while the tests of the file run. */
export function bundle(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'quiver-vectra-bundle-'));
  const file = join(folder, 'vectra.mjs');
  beforeAll(async () => {
    await build({
      input: join(import.meta.dirname, '../../../js/vectra/index.ts'),
      platform: 'node',
      logLevel: 'warn',
      external: (name) => !/^[./]/.test(name),
      output: { file, format: 'esm' },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => file;
}
