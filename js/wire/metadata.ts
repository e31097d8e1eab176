import { describe, QuiverError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import { readValue } from './msgpack-reader.ts';
import { isPlainObject, writeValue } from './msgpack-writer.ts';

/**
 * Writes an item's metadata as a MessagePack map.
 *
 * @throws {QuiverError} `INVALID_METADATA` that names the item and the path.
 */
export function writeMetadata(
  writer: ByteWriter,
  metadata: unknown,
  item: number,
  id: string,
): void {
  const refuse = (path: string, problem: string): Error =>
    new QuiverError(
      'INVALID_METADATA',
      `Item ${item} (id ${JSON.stringify(id)}): metadata${path === '' ? '' : ` at ${path}`}: ${problem}`,
      { item, id, path },
    );
  if (!isPlainObject(metadata))
    throw refuse('', `expected a plain object, got ${describe(metadata)}`);
  writeValue(writer, metadata, 'skip', refuse);
}

/** Reads metadata as {@link writeMetadata} wrote it. */
export function readMetadata(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length <= 1) return {};
  return readValue(bytes) as Record<string, unknown>;
}
