import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LocalIndex } from '../index.ts';
import type { Arguments, Syntax } from './arguments.ts';
import { Interrupted, UsageError } from './failure.ts';
import { OutputFile } from './files/output.ts';
import { bytes, count, ProgressLine } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** The name of the format of whole indexes, which `export` and `import` know beside those of items. */
export const archiveFormat = 'tar';

/** Whether the command is about an archive, by --format or else by the ending of the file. */
export function isArchive(path: string, format: string | undefined): boolean {
  return format === undefined ? /\.tar$/i.test(path) : format === archiveFormat;
}

/** @throws {UsageError} when other options than --format are given: those are about items */
export function checkWhole(given: Arguments, command: Syntax): void {
  const name = Object.keys(command.options).find((each) => each !== 'format' && given.flag(each));
  if (name !== undefined)
    throw new UsageError(`--${name} is about items; a tar is an index as a whole`);
}

export async function exportTar(folder: string, path: string, terminal: Terminal): Promise<number> {
  const signal = terminal.interrupted();
  await using index = new LocalIndex(folder, { readOnly: true });
  const { indexSize } = await index.getPerformanceMetrics();
  const output = await OutputFile.create(path);
  const progress = new ProgressLine(terminal.err, 'bytes');
  let done = 0;
  try {
    for await (const piece of index.exportArchive() as unknown as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      await output.write(piece);
      done += piece.length;
      progress.show(done, Math.min(1, done / Math.max(1, indexSize)));
    }
    await output.finish();
    await output.publish();
  } catch (error) {
    progress.clear();
    await output.discard();
    if (!(error instanceof Interrupted)) throw error;
    terminal.err.write(`quiver: interrupted, ${path} was not written\n`);
    return 130;
  }
  progress.clear();
  terminal.out.write(`exported the index to ${path}, ${bytes(done)}\n`);
  return 0;
}

export async function importTar(path: string, folder: string, terminal: Terminal): Promise<number> {
  const signal = terminal.interrupted();
  const { size } = await stat(path);
  const progress = new ProgressLine(terminal.err, 'bytes');
  try {
    await using index = await LocalIndex.importArchive(readFile(path), folder, {
      signal,
      onProgress: ({ done }) => progress.show(done, Math.min(1, done / Math.max(1, size))),
    });
    progress.clear();
    const { items } = await index.getIndexStats();
    terminal.out.write(`imported an index of ${count(items)} items\n`);
    return 0;
  } catch (error) {
    progress.clear();
    if (!(error instanceof Interrupted)) throw error;
    terminal.err.write('quiver: interrupted, nothing was imported\n');
    return 130;
  }
}

/** Opened when it is first asked for. */
async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}
