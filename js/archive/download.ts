import { QuiverError } from '../errors.ts';
import { checkDownloadOptions, type DownloadOptions } from '../options.ts';
import { piecesOf } from './pieces.ts';

/** How often a connection that broke is made again before it is given up, without a byte in between. */
const mostTries = 5;
const firstDelayMs = 250;

/** A download: its pieces, and how many bytes they have together where that is known. */
export interface Download {
  readonly total: number | undefined;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Begins to fetch a file. When the connection breaks, what is missing is asked for as a range, and the answer must be of the same
 * file by its ETag. (If-Range would say the same, but is a header that other origins have to allow.)
 *
 * @throws {QuiverError} `IO_ERROR`
 */
export async function download(url: string | URL, options: DownloadOptions): Promise<Download> {
  const { headers = {}, credentials, signal } = checkDownloadOptions(options);
  const ask = (from: number): Promise<Response> =>
    fetch(url, {
      headers: { ...headers, Range: `bytes=${from}-` },
      ...(credentials === undefined ? {} : { credentials }),
      ...(signal === undefined ? {} : { signal }),
    });
  const first = await answered(() => ask(0), signal);
  const hasRanges = first.status === 206;
  const tag = first.headers.get('etag');
  const total = totalOf(first);

  async function* pieces(): AsyncGenerator<Uint8Array> {
    let response: Response | undefined = first;
    for (let done = 0, tries = 0; ; ) {
      try {
        response ??= await ask(done);
        checkGoesOn(response, done, tag, url);
        for await (const piece of response.body === null ? [] : piecesOf(response.body)) {
          done += piece.length;
          tries = 0;
          yield piece;
        }
        if (total === undefined || done >= total) return;
        throw new TypeError(`it ended after ${done} of ${total} bytes`);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof QuiverError) throw error;
        tries++;
        if (!hasRanges || tries > mostTries)
          throw failed(
            url,
            `${String(error)}${hasRanges ? '' : '; the server has no ranges'}`,
            error,
          );
        await pause(firstDelayMs * 2 ** (tries - 1), signal);
      }
      response = undefined;
    }
  }
  return { total, pieces: pieces() };
}

/** An answer that is a file, or of which there is no hope. */
async function answered(
  ask: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  for (let tries = 1; ; tries++) {
    let problem: unknown;
    try {
      const response = await ask();
      if (response.ok) return response;
      await response.body?.cancel();
      problem = `${response.status} ${response.statusText}`;
      if (!isPassing(response.status)) throw failed(response.url, String(problem));
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof QuiverError) throw error;
      problem = error;
    }
    if (tries >= mostTries) throw failed('the archive', String(problem), problem);
    await pause(firstDelayMs * 2 ** (tries - 1), signal);
  }
}

/** Whether the same request may be answered soon. */
function isPassing(status: number): boolean {
  return status === 429 || status >= 500;
}

/** @throws {QuiverError} unless it is the same file from where it broke off */
function checkGoesOn(
  response: Response,
  from: number,
  tag: string | null,
  url: string | URL,
): void {
  if (isPassing(response.status)) throw new TypeError(`${response.status} ${response.statusText}`);
  if (!response.ok) throw failed(url, `${response.status} ${response.statusText}`);
  if (from === 0) return;
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  const isElsewhere = start !== undefined && Number(start) !== from;
  if (response.status !== 206 || response.headers.get('etag') !== tag || isElsewhere)
    throw failed(url, 'it changed while it was downloaded');
}

/** Undefined where the server does not say, or another origin's may not be read. */
function totalOf(response: Response): number | undefined {
  const range = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  // The length of what is compressed on its way is another.
  const isPlain = response.headers.get('content-encoding') === null;
  const length = range ?? (isPlain ? response.headers.get('content-length') : null);
  return length === null || length === undefined ? undefined : Number(length);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
  signal?.throwIfAborted();
}

function failed(url: string | URL, problem: string, cause?: unknown): QuiverError {
  return new QuiverError('IO_ERROR', `Cannot fetch ${String(url)}: ${problem}`, {}, { cause });
}
