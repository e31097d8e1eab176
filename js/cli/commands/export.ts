import { type Filter, LocalIndex } from '../../index.ts';
import { archiveFormat, checkWhole, exportTar, isArchive } from '../archive.ts';
import type { Command } from '../command.ts';
import { Interrupted, UsageError } from '../failure.ts';
import { formatNames, openSink } from '../formats.ts';
import { count, ProgressLine } from '../progress.ts';

/** Vectors that are asked for at once. */
const batchBytes = 8 << 20;
const mostItems = 1000;

const formats = [...formatNames('write'), archiveFormat];

export const exportCommand: Command = {
  name: 'export',
  summary: 'Writes the items of an index to a file.',
  positionals: [
    { name: 'DIR', about: 'the folder of the index' },
    { name: 'FILE', about: 'the file to write, replaced when all is written' },
  ],
  options: {
    format: {
      value: 'NAME',
      about: `${formats.join(', ')}; by default the ending of FILE tells`,
    },
    filter: {
      value: 'JSON',
      about: 'only items whose metadata match, such as {"year":{"$gte":1990}}',
    },
    'no-vectors': { about: 'ids and metadata only (jsonl)' },
  },
  notes: [
    'jsonl: {"id", "vector", "metadata"} a line. npy: float32, and beside NAME.npy the ids, one a line, in NAME.ids.txt and the metadata, one object a line, in NAME.metadata.jsonl. quiver import reads both back to equal items.',
    'tar: the index as a whole, for quiver import, for browsers, or to unpack: tar -xf makes the folder again.',
  ],
  run: async (given, terminal) => {
    const [folder, path] = [given.positional(0), given.positional(1)];
    const format = given.choice('format', formats);
    if (isArchive(path, format)) {
      checkWhole(given, exportCommand);
      return exportTar(folder, path, terminal);
    }
    const filter = parseFilter(given.text('filter'));
    const vectors = !given.flag('no-vectors');
    const signal = terminal.interrupted();
    await using index = new LocalIndex(folder, { readOnly: true });
    const { dimensions, items } = await index.getIndexStats();
    const sink = await openSink(path, format, { dimensions, vectors });
    const progress = new ProgressLine(terminal.err, 'items');
    let done = 0;
    try {
      const batchSize = Math.min(
        mostItems,
        Math.max(1, Math.floor(batchBytes / (4 * Math.max(1, dimensions)))),
      );
      const batches = index.listItemsStream({
        filter: filter ?? null,
        includeVectors: vectors,
        batchSize,
        signal,
      });
      for await (const batch of ahead(batches)) {
        await sink.write(batch);
        done += batch.length;
        progress.show(done, filter === undefined ? done / Math.max(1, items) : undefined);
      }
      signal.throwIfAborted();
      await sink.finish();
    } catch (error) {
      progress.clear();
      await sink.discard();
      if (!(error instanceof Interrupted)) throw error;
      terminal.err.write(`quiver: interrupted, ${path} was not written\n`);
      return 130;
    }
    progress.clear();
    terminal.out.write(`exported ${count(done)} items to ${sink.paths.join(', ')}\n`);
    return 0;
  },
};

function parseFilter(text: string | undefined): Filter | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Filter;
  } catch (error) {
    throw new UsageError(
      `--filter is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Asks for the next batch while the last is worked on. */
async function* ahead<T>(
  batches: AsyncIterableIterator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const ask = (): Promise<IteratorResult<T, void>> => {
    const asked = batches.next();
    asked.catch(() => undefined); // reported when its turn has come
    return asked;
  };
  let next = ask();
  try {
    for (;;) {
      const step = await next;
      if (step.done === true) return;
      next = ask();
      yield step.value;
    }
  } finally {
    await batches.return?.();
  }
}
