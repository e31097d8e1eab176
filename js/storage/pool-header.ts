import { crc32c } from './crc32c.ts';

// What stands before the content of a file of the pool: two copies of a record, written in turns, so that one that was cut
// short leaves the one before it. Each lies in a page of its own.
//
//   0  8 bytes  "QVRPOOL1"
//   8  u32      CRC-32C of what follows in the record
//  12  u32      length of the name in bytes; 0: the file is free
//  16  u64      generation: greater than that of every record written before in this pool
//  24           the name, UTF-8, and zeros

const magic = new TextEncoder().encode('QVRPOOL1');
const nameAt = 24;

/** The bytes of a record, less than what disks write at once. */
export const recordBytes = 512;
/** Where the copies begin. */
export const copyOffsets = [0, 4096] as const;
/** Where the content begins. */
export const headerBytes = 8192;
/** The longest name, in bytes. */
export const longestName: number = recordBytes - nameAt;

export interface PoolRecord {
  /** Undefined where the file is free. */
  readonly name: string | undefined;
  readonly generation: number;
}

/** Undefined for a name that is empty or too long. */
export function encodeRecord({ name, generation }: PoolRecord): Uint8Array | undefined {
  const text = new TextEncoder().encode(name ?? '');
  if (text.length > longestName || name === '') return undefined;
  const bytes = new Uint8Array(recordBytes);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(12, text.length, true);
  view.setBigUint64(16, BigInt(generation), true);
  bytes.set(text, nameAt);
  view.setUint32(8, crc32c(bytes.subarray(12)), true);
  return bytes;
}

/** Undefined for bytes that are no whole record. */
export function decodeRecord(bytes: Uint8Array): PoolRecord | undefined {
  if (bytes.length !== recordBytes || magic.some((byte, i) => bytes[i] !== byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint32(8, true) !== crc32c(bytes.subarray(12))) return undefined;
  const length = view.getUint32(12, true);
  const generation = Number(view.getBigUint64(16, true));
  if (length > longestName || !Number.isSafeInteger(generation)) return undefined;
  const text = bytes.subarray(nameAt, nameAt + length);
  return { name: length === 0 ? undefined : new TextDecoder().decode(text), generation };
}
