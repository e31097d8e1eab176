import { describe, QuiverError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';

const maxIdBytes = 1024;

/**
 * Writes an id as UTF-8 and returns its length in bytes.
 *
 * @throws {QuiverError} `INVALID_ID`
 */
export function writeId(writer: ByteWriter, id: unknown, item: number): number {
  if (typeof id !== 'string') throw refuse(item, `expected a string, got ${describe(id)}`);
  if (id.length === 0) throw refuse(item, 'expected at least one character, got an empty string');
  const start = writer.size;
  // Beyond this many units it is too long whatever they are, and need not be encoded to tell.
  const length = id.length > maxIdBytes ? id.length : writer.text(id);
  if (length < 0) throw refuse(item, 'it has half of a surrogate pair, which UTF-8 cannot hold');
  if (length > maxIdBytes) {
    writer.truncate(start);
    throw refuse(
      item,
      `expected at most ${maxIdBytes} bytes of UTF-8, got ${id.length > maxIdBytes ? 'at least ' : ''}${length}`,
    );
  }
  return length;
}

function refuse(item: number, problem: string): QuiverError {
  return new QuiverError('INVALID_ID', `The id of item ${item}: ${problem}`, { item });
}

/** A new random id (UUID version 4). */
export function newId(): string {
  // Browsers offer randomUUID to secure pages only.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
