import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgressLine } from './progress.ts';
import type { Terminal } from './terminal.ts';

const lookMs = 200;

/** Shows how far `work` has filled the folder `target` with what is in `source`; it is silent where nobody watches. */
export async function withCopyProgress<T>(
  terminal: Terminal,
  source: string,
  target: string,
  work: () => Promise<T>,
): Promise<T> {
  if (terminal.err.isTTY !== true) return work();
  const progress = new ProgressLine(terminal.err, 'bytes');
  const [before, total] = [await bytesIn(target), await bytesIn(source)];
  const look = async (): Promise<void> => {
    const done = Math.max(0, (await bytesIn(target)) - before);
    if (running) progress.show(done, Math.min(1, done / Math.max(1, total)));
  };
  let running = true;
  const timer = setInterval(() => void look(), lookMs);
  try {
    return await work();
  } finally {
    running = false;
    clearInterval(timer);
    progress.clear();
  }
}

/** Of the files that lie in a folder; 0 for one that is not there. Files may come and go meanwhile. */
async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
