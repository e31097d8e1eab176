import { describe, QuiverError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { ValueReader } from './msgpack-reader.ts';
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

/** Reads metadata as {@link writeMetadata} wrote it, between two offsets. */
export function readMetadata(
  values: ValueReader,
  start: number,
  end: number,
): Record<string, unknown> {
  if (end - start <= 1) return {};
  return values.readBetween(start, end) as Record<string, unknown>;
}
