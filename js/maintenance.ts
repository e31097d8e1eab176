import { orAbort } from './abort.ts';
import { QuiverError } from './errors.ts';
import type { OpenIndex } from './open-index.ts';
import type { OptimizeOptions } from './options.ts';
import { readStats } from './stats.ts';

const pollMs = 25;

/**
 * Waits until the core has no maintenance left, reporting how far it is.
 *
 * @throws {QuiverError} `IO_ERROR` and others when it fails
 */
export async function untilIdle(index: OpenIndex, options: OptimizeOptions): Promise<void> {
  const { onProgress, signal } = options;
  let rows = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { idle, done, total, error } = (await orAbort(readStats(index), signal)).maintenance;
    if (error !== null) throw new QuiverError('IO_ERROR', `Maintenance failed: ${error}`);
    const stopped = index.maintenanceError();
    if (stopped !== undefined) throw stopped;
    if (idle) {
      // The core forgets the piece of work that it has finished.
      onProgress?.({ done: rows, total: rows });
      return;
    }
    rows = total;
    onProgress?.({ done, total });
    await pause(signal);
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, pollMs);
  });
  try {
    await orAbort(waited, signal);
  } finally {
    clearTimeout(timer);
  }
}
