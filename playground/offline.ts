import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** Puts the service worker beside the built page, with the names of all files and a version that changes with them. */
export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    writeBundle({ dir }) {
      const folder = dir as string;
      const source = readFileSync(
        fileURLToPath(new URL('service-worker.js', import.meta.url)),
        'utf8',
      );
      const hash = createHash('sha256').update(source);
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => statSync(join(folder, name)).isFile() && name !== 'service-worker.js')
        .sort();
      for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
      const names = files.map((file) => file.split(sep).join('/'));
      const version = hash.digest('hex').slice(0, 16);
      writeFileSync(
        join(folder, 'service-worker.js'),
        source
          .replace('self.quiverFiles', () => JSON.stringify(names))
          .replace('self.quiverVersion', () => JSON.stringify(version)),
      );
    },
  };
}
