// A table of SQLite; compares with every row.

import { join } from 'node:path';

export const packages = ['sqlite-vec', 'better-sqlite3'];
export const metrics = ['l2', 'cosine'];
export const variants = { 'sqlite-vec': {} };
export const isExact = true;

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

function opened(db) {
  const select = db.prepare(
    'select rowid, metadata from items where vector match ? and k = ? order by distance',
  );
  return {
    query: (vector, k) => select.all(bytes(vector), k).map(({ rowid }) => rowid - 1),
    close: () => db.close(),
  };
}

export async function build(folder, items, { metric, dimensions }) {
  const db = database(folder);
  db.exec(
    `create virtual table items using vec0(vector float[${dimensions}] distance_metric=${metric}, +id text, +metadata text)`,
  );
  const insert = db.prepare('insert into items (vector, id, metadata) values (?, ?, ?)');
  db.transaction(() => {
    for (const { id, vector, metadata } of items)
      insert.run(bytes(vector), id, JSON.stringify(metadata));
  })();
  return opened(db);
}

export async function open(folder) {
  return opened(database(folder));
}
