// A table of SQLite; compares with every row.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';

export const metrics = ['l2', 'cosine'];

const bytes = (vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);

function database(folder) {
  const db = new Database(join(folder, 'index.db'));
  sqliteVec.load(db);
  return db;
}

export async function buildIndex(folder, { metric, dimensions, items }) {
  const db = database(folder);
  db.exec(
    `create virtual table items using vec0(id text primary key, vector float[${dimensions}] distance_metric=${metric}, +metadata text)`,
  );
  const insert = db.prepare('insert into items (id, vector, metadata) values (?, ?, ?)');
  db.transaction(() => {
    for (const { id, vector, metadata } of items)
      insert.run(id, bytes(vector), JSON.stringify(metadata));
  })();
  db.close();
}

export async function openIndex(folder) {
  const db = database(folder);
  const select = db.prepare(
    'select id, metadata, distance from items where vector match ? and k = 10 order by distance',
  );
  return {
    query: async (vector) => select.all(bytes(vector)).length,
    close: async () => db.close(),
  };
}
