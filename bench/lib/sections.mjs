// What the bytes of a finished index are for, read from the tables at the end of its segments (docs/format.md, Segment).

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Section → what it is for; those from 256 on are metadata. What is not named here is counted as other. */
const purposes = { 2: 'vectors', 3: 'vectors', 4: 'ids', 5: 'ids', 6: 'graph', 7: 'graph' };
const purposeOf = (section) => (section >= 256 ? 'metadata' : (purposes[section] ?? 'other'));

/** Bytes of the folder by purpose; they sum up to all of its files. */
export function bytesByPurpose(folder) {
  const bytes = { vectors: 0, graph: 0, metadata: 0, ids: 0, other: 0 };
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const { size } = statSync(path);
    let named = 0;
    for (const section of name.endsWith('.qseg') ? sections(path, size) : []) {
      bytes[purposeOf(section.id)] += section.size;
      named += section.size;
    }
    bytes.other += size - named;
  }
  return bytes;
}

function sections(path, size) {
  const file = openSync(path);
  const read = (from, length) => {
    const part = Buffer.alloc(length);
    readSync(file, part, 0, length, from);
    return part;
  };
  try {
    const end = read(size - 32, 32);
    if (end.toString('latin1', 24) !== 'QUIVEND1')
      throw new Error(`${path} does not end as docs/format.md says`);
    const number = end.readUInt32LE(8);
    const table = read(Number(end.readBigUInt64LE(0)), number * 24);
    return Array.from({ length: number }, (_, i) => ({
      id: table.readUInt32LE(i * 24),
      size: Number(table.readBigUInt64LE(i * 24 + 16)),
    }));
  } finally {
    closeSync(file);
  }
}
