// Tries folders that it has no right to, as another user if it runs as root (who has every right).
//   node permissions.mjs FOLDER BACKEND: FOLDER holds "closed" and "index", both made by the parent
// Prints what came of each try as JSON.
import { join } from 'node:path';
import { LocalIndex } from 'quiverdb';

const [folder, backend] = process.argv.slice(2);
const open = (name, options = {}) => new LocalIndex(join(folder, name), { backend, ...options });

// The engine is loaded while this user may still read its files.
await open('none').isIndexCreated();
if (process.getuid() === 0) {
  process.setgroups([]);
  process.setgid(65534);
  process.setuid(65534);
}

const outcome = (promise) =>
  promise.then(
    (value) => ({ value }),
    ({ code, message }) => ({ code, message }),
  );

const index = open('index');
console.log(
  JSON.stringify({
    createInClosed: await outcome(open('closed/new').createIndex()),
    openInClosed: await outcome(open('closed').getIndexStats()),
    read: await outcome(index.listItems().then((items) => items.length)),
    write: await outcome(index.insertItem({ id: 'b', vector: [3, 4] })),
    readAfter: await outcome(index.listItems().then((items) => items.length)),
    deleteIndex: await outcome(open('index').deleteIndex()),
    createInFile: await outcome(open('file').createIndex()),
    openFile: await outcome(open('file').getIndexStats()),
  }),
);
