import { describe, QuiverError } from '../errors.ts';
import { ByteWriter } from './byte-writer.ts';
import { isPlainObject, writeValue } from './msgpack-writer.ts';

const none = new Uint8Array(0);

/**
 * A filter as the core reads it: empty for none. The core checks the operators.
 *
 * @throws {QuiverError} `INVALID_FILTER` that names the path.
 */
export function packFilter(filter: unknown): Uint8Array {
  if (filter === undefined || filter === null) return none;
  const refuse = (path: string, problem: string): Error =>
    new QuiverError('INVALID_FILTER', `The filter${path === '' ? '' : ` at ${path}`}: ${problem}`, {
      path,
    });
  if (!isPlainObject(filter)) throw refuse('', `expected a plain object, got ${describe(filter)}`);
  const writer = new ByteWriter();
  // Leaving out a condition because its value is undefined would widen the result.
  writeValue(writer, filter, 'refuse', refuse);
  return writer.bytes;
}
