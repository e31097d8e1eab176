import { type Durability, LocalIndex, type Metric } from '../../index.ts';
import { archiveFormat, checkWhole, importTar, isArchive } from '../archive.ts';
import type { Arguments } from '../arguments.ts';
import type { Command } from '../command.ts';
import { Interrupted, UsageError } from '../failure.ts';
import type { Source } from '../formats/format.ts';
import { WithSideFiles } from '../formats/side-files.ts';
import { formatNames, openSource } from '../formats.ts';
import { importItems, withKept } from '../importer.ts';
import { count, ProgressLine } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

const metrics: readonly Metric[] = ['cosine', 'l2', 'ip'];
const durabilities: readonly Durability[] = ['sync', 'async', 'none'];
const defaultBatch = 1000;

const formats = [...formatNames('read'), archiveFormat];

export const importCommand: Command = {
  name: 'import',
  summary: 'Adds the items of a file to an index, which is made if there is none.',
  positionals: [
    { name: 'FILE', about: "the file to read, or a folder of Vectra's LocalIndex" },
    { name: 'DIR', about: 'the folder of the index' },
  ],
  options: {
    format: {
      value: 'NAME',
      about: `${formats.join(', ')}; by default the ending of FILE tells`,
    },
    ids: {
      value: 'FILE',
      about: 'the ids, one a line (npy, fvecs, bvecs); by default items get their numbers from 0',
    },
    'id-prefix': { value: 'TEXT', about: 'stands before the numbers that items without ids get' },
    metadata: {
      value: 'FILE',
      about: 'the metadata, one JSON object a line (npy, fvecs, bvecs)',
    },
    metric: {
      value: 'NAME',
      about: `${metrics.join(', ')}; cosine for a new index, must agree with one that is there`,
    },
    dimensions: { value: 'N', about: 'refuse vectors of another length' },
    upsert: { about: 'replace items that are there; without it they are an error' },
    batch: { value: 'N', about: `items in one transaction, ${defaultBatch} by default` },
    limit: { value: 'N', about: 'stop after so many items' },
    durability: {
      value: 'NAME',
      about: `${durabilities.join(', ')}: when a batch counts as written; sync by default`,
    },
    optimize: { about: 'build all graphs before it ends, instead of later in the background' },
  },
  notes: [
    'Batches are taken whole or refused whole. When an import fails or is interrupted, the batches before are kept, and it is said how many items they have; --upsert then starts over without harm.',
    'A tar is an index as a whole, as quiver export writes it: DIR must not hold an index yet.',
    'A line of jsonl is {"id", "vector", "metadata"}, or has the fields of the metadata beside the vector. FILE may be a pipe such as /dev/stdin if --format is given and is jsonl.',
  ],
  run: async (given, terminal) => {
    const [path, folder] = [given.positional(0), given.positional(1)];
    if (isArchive(path, given.choice('format', formats))) {
      checkWhole(given, importCommand);
      return importTar(path, folder, terminal);
    }
    const batch = given.whole('batch', 1, 1_000_000) ?? defaultBatch;
    const limit = given.whole('limit', 0, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const metric = given.choice('metric', metrics);
    const dimensions = given.whole('dimensions', 1, 65536);
    const durability = given.choice('durability', durabilities);
    const signal = terminal.interrupted();
    const source = await open(path, given);
    try {
      await using index = new LocalIndex(folder, {
        ...(metric === undefined ? {} : { metric }),
        ...(dimensions === undefined ? {} : { dimensions }),
        ...(durability === undefined ? {} : { durability }),
      });
      const progress = new ProgressLine(terminal.err, 'rows');
      const start = performance.now();
      const imported = await importItems(index, source, {
        path,
        batch,
        limit,
        upsert: given.flag('upsert'),
        idPrefix: given.text('id-prefix') ?? '',
        signal,
        onProgress: (done) =>
          progress.show(done, limit < Number.POSITIVE_INFINITY ? done / limit : source.fraction),
      });
      progress.clear();
      const { done, inserted, updated, error } = imported;
      if (error instanceof Interrupted) return interrupted(terminal, done, folder);
      if (error !== undefined) throw done > 0 ? withKept(error, count(done), folder) : error;
      const seconds = (performance.now() - start) / 1000;
      terminal.out.write(
        `imported ${count(done)} items into ${folder} in ${seconds.toFixed(1)} s: ${count(inserted)} added, ${count(updated)} replaced\n`,
      );
      return given.flag('optimize') ? await optimize(index, signal, terminal, folder) : 0;
    } finally {
      await source.close();
    }
  },
};

async function open(path: string, given: Arguments): Promise<Source> {
  const { format, source } = await openSource(path, given.choice('format', formatNames('read')));
  try {
    const files = { ids: given.text('ids'), metadata: given.text('metadata') };
    const [stray] = Object.entries(files).find(([, file]) => file !== undefined) ?? [];
    if (stray === undefined) return source;
    if (format.bare !== true)
      throw new UsageError(
        `--${stray} is for files of bare vectors, and ${path} is ${format.name}`,
      );
    return await WithSideFiles.open(source, files);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function interrupted(terminal: Terminal, done: number, folder: string): number {
  terminal.err.write(
    done === 0
      ? 'quiver: interrupted before anything was written\n'
      : `quiver: interrupted, ${count(done)} items are kept in ${folder}\n`,
  );
  return 130;
}

async function optimize(
  index: LocalIndex,
  signal: AbortSignal,
  terminal: Terminal,
  folder: string,
): Promise<number> {
  const progress = new ProgressLine(terminal.err, 'rows optimized');
  try {
    await index.optimize({
      signal,
      onProgress: ({ done, total = 0 }) =>
        progress.show(done, total > 0 ? done / total : undefined),
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    terminal.err.write(`quiver: interrupted, all items are kept in ${folder}\n`);
    return 130;
  } finally {
    progress.clear();
  }
  return 0;
}
