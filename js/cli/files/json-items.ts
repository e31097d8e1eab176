import { type JsonPart, JsonSplitter } from '../../json-parts.ts';
import type { InputFile } from './input.ts';

/**
 * Reads a file that is one JSON object, in parts: it may be larger than memory.
 *
 * @throws {QuiverError} `CORRUPT_FILE`
 */
export async function* jsonParts(
  file: InputFile,
  array: string,
  chunks: AsyncIterable<Uint8Array> = file.chunks(),
  limit?: number,
): AsyncGenerator<JsonPart, void, undefined> {
  const splitter = new JsonSplitter(array, (problem) => file.corrupt(problem), limit);
  for await (const chunk of chunks) yield* splitter.feed(chunk);
  splitter.end();
}
