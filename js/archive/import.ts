import type { EngineLoader } from '../engine/engine.ts';
import { expected, fromEngine, QuiverError } from '../errors.ts';
import { OpenIndex } from '../open-index.ts';
import {
  checkDownloadOptions,
  checkFolder,
  checkImportOptions,
  type DownloadOptions,
  type ImportOptions,
} from '../options.ts';
import { memoryPrefix } from '../storage/routed-fs.ts';
import { temporaryFolder } from '../storage/temporary.ts';
import type { VerifyResult } from '../types.ts';
import { op, packSnapshot, packWords } from '../wire/requests.ts';
import { readMap } from '../wire/results.ts';
import { type Download, download } from './download.ts';
import { piecesOf } from './pieces.ts';
import { readTar } from './tar.ts';

/** Where an archive comes from. */
export type ArchiveSource =
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Blob
  | Uint8Array;

const indexFile = /^(manifest|log-\d+\.qlog|seg-\d+\.qseg)$/;
const lockFile = /^lock-\d+$/;

/** What `LocalIndex.fromUrl` does, with the engines that an entry point can load. */
export async function importFromUrl(
  load: EngineLoader,
  url: string | URL,
  folder: string,
  options: DownloadOptions,
): Promise<void> {
  checkFolder('folderPath', folder);
  const { backend, onProgress, signal } = checkDownloadOptions(options);
  await importFrom(load, () => download(url, options), folder, { backend, onProgress, signal });
}

/** What `LocalIndex.importArchive` does, with the engines that an entry point can load. */
export async function importArchive(
  load: EngineLoader,
  source: ArchiveSource,
  folder: string,
  options: ImportOptions,
): Promise<void> {
  checkFolder('folderPath', folder);
  const { backend, onProgress, signal } = checkImportOptions(options);
  const pieces = async () => ({ total: sizeOf(source), pieces: chunksOf(source) });
  await importFrom(load, pieces, folder, { backend, onProgress, signal });
}

type Checked = { readonly [Key in keyof ImportOptions]: ImportOptions[Key] | undefined };

async function importFrom(
  load: EngineLoader,
  begin: () => Promise<Download>,
  folder: string,
  { backend, onProgress, signal }: Checked,
): Promise<void> {
  signal?.throwIfAborted();
  const loaded = await load(backend ?? (folder.startsWith(memoryPrefix) ? 'wasm' : undefined));
  const { engine } = loaded;
  try {
    if (await engine.exists(folder)) throw fromEngine({ code: 'INDEX_EXISTS' }, { folder });
    const copy = temporaryFolder(folder, 'import');
    try {
      const { total, pieces } = await begin();
      const progress = counted(pieces, total, onProgress, signal);
      await unpack(progress, (name, bytes) => engine.files.append(copy, name, bytes));
      await engine.files.finish(copy);
      signal?.throwIfAborted();
      const index = await OpenIndex.open(loaded, copy, { readOnly: true });
      try {
        const { ok, problems } = readMap(
          await index.read(packWords(op.verify)),
        ) as unknown as VerifyResult;
        if (!ok)
          throw new QuiverError('CORRUPT_FILE', `The archive is damaged: ${problems.join('; ')}`);
        signal?.throwIfAborted();
        // Appears whole or not at all.
        await index.read(packSnapshot(folder, ''), { folder });
      } finally {
        await index.close();
      }
    } finally {
      await engine.files.clear(copy);
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw (error as { code?: unknown })?.code === undefined ? error : fromEngine(error, { folder });
  }
}

/** Gives all files of an index in an archive to `append`, piece by piece. */
async function unpack(
  chunks: AsyncIterable<Uint8Array>,
  append: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const names = new Set<string>();
  for await (const entry of readTar(chunks)) {
    const name = entry.name.replace(/^\.\//, '');
    if (lockFile.test(name)) continue; // of whoever had the folder open when it was packed
    if (!indexFile.test(name) || names.has(name))
      throw new QuiverError(
        'CORRUPT_FILE',
        `The archive cannot be used: ${JSON.stringify(entry.name)} is ${names.has(name) ? 'in it twice' : 'no file of an index'}`,
      );
    names.add(name);
    await append(name, new Uint8Array(0));
    for await (const bytes of entry.bytes) await append(name, bytes);
  }
  if (!names.has('manifest'))
    throw new QuiverError('CORRUPT_FILE', 'The archive cannot be used: it has no manifest');
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  total: number | undefined,
  onProgress: ImportOptions['onProgress'],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    if (!(chunk instanceof Uint8Array))
      throw expected('INVALID_ARGUMENT', 'Uint8Arrays', 'the pieces of the archive', chunk);
    done += chunk.length;
    onProgress?.({ done, ...(total === undefined ? {} : { total }) });
    signal?.throwIfAborted();
    yield chunk;
  }
}

function sizeOf(source: ArchiveSource): number | undefined {
  if (source instanceof Uint8Array) return source.length;
  return source instanceof Blob ? source.size : undefined;
}

async function* chunksOf(source: ArchiveSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const stream = source instanceof Blob ? source.stream() : source;
  if (typeof (stream as { getReader?: unknown })?.getReader !== 'function') {
    if (typeof (stream as AsyncIterable<Uint8Array>)?.[Symbol.asyncIterator] !== 'function')
      throw expected('INVALID_ARGUMENT', 'a stream, a Blob or bytes', 'the archive', source);
    yield* stream as AsyncIterable<Uint8Array>;
    return;
  }
  yield* piecesOf(stream as ReadableStream<Uint8Array>);
}
