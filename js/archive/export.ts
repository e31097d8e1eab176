import type { OpenIndex } from '../open-index.ts';
import { temporaryFolder } from '../storage/temporary.ts';
import { packSnapshot } from '../wire/requests.ts';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

/** What is read at once. */
const pieceBytes = 1 << 20;

/** A tar of the index as it is when the stream is first read from. */
export function exportArchive(
  folder: string,
  open: () => Promise<OpenIndex>,
): ReadableStream<Uint8Array> {
  const pieces = archivePieces(folder, open);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* archivePieces(
  folder: string,
  open: () => Promise<OpenIndex>,
): AsyncGenerator<Uint8Array, undefined> {
  const index = await open();
  const { files } = index.loaded.engine;
  const copy = temporaryFolder(folder, 'export');
  try {
    await files.hold(copy);
    await index.read(packSnapshot(copy, ''));
    const entries = await files.list(copy);
    // The manifest last: what is cut off is then no index, whoever unpacks it.
    entries.sort((a, b) => Number(a.name === 'manifest') - Number(b.name === 'manifest'));
    for (const { name, size } of entries) {
      yield tarHeader(name, size);
      for (let at = 0; at < size; at += pieceBytes)
        yield await files.read(copy, name, at, Math.min(pieceBytes, size - at));
      if (tarPadding(size) > 0) yield new Uint8Array(tarPadding(size));
    }
    yield tarEnd.slice();
  } finally {
    await files.clear(copy);
  }
}
