// A table of SQLite; compares with every row.

import { join } from 'node:path';

export const packages = ['sqlite-vec', 'better-sqlite3'];
export const metrics = ['l2', 'cosine'];
export const variants = { 'sqlite-vec': {} };
export const isExact = true;
export const canFilter = true;

let Database;
let sqliteVec;

export async function load() {
  ({ default: Database } = await import('better-sqlite3'));
  sqliteVec = await import('sqlite-vec');
}

const bytes = (vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

function database(folder) {
  const db = new Database(join(folder, 'index.db'));
  sqliteVec.load(db);
  return db;
}

function opened(db, fields = []) {
  const search = (more) =>
    db.prepare(
      `select rowid, metadata from items where vector match ? and k = ? ${more} order by distance`,
    );
  const all = search('');
  const within = Object.fromEntries(
    fields.map((field) => [field, search(`and ${field} >= ? and ${field} < ?`)]),
  );
  const found = (vector, k, range) =>
    range
      ? within[range.field].all(bytes(vector), k, range.from, range.below)
      : all.all(bytes(vector), k);
  return {
    query: (vector, k, _ef, range) => found(vector, k, range).map(({ rowid }) => rowid - 1),
    close: () => db.close(),
  };
}

export async function build(folder, items, { metric, dimensions, fields = [] }) {
  const db = database(folder);
  const columns = [
    `vector float[${dimensions}] distance_metric=${metric}`,
    ...fields.map((field) => `${field} integer`),
    '+id text',
    '+metadata text',
  ];
  db.exec(`create virtual table items using vec0(${columns.join(', ')})`);
  const names = ['vector', 'id', 'metadata', ...fields];
  const insert = db.prepare(
    `insert into items (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
  );
  db.transaction(() => {
    for (const { id, vector, metadata } of items) {
      const values = fields.map((field) => BigInt(metadata[field])); // numbers would be floats
      insert.run(bytes(vector), id, JSON.stringify(metadata), ...values);
    }
  })();
  return opened(db, fields);
}

export async function open(folder) {
  return opened(database(folder));
}
