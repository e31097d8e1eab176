// The worker's program in a browser whose quota can be used up: a message {room} says how many bytes may still be stored.
import '../../../js/worker/main.ts';

let room = Number.POSITIVE_INFINITY;

addEventListener('message', ({ data }: MessageEvent<{ room?: unknown }>) => {
  if (typeof data.room === 'number') room = data.room;
});

function take(bytes: number): void {
  if (bytes > room) throw new DOMException('no more', 'QuotaExceededError');
  room -= bytes;
}

const store = IDBObjectStore.prototype;
const { put } = store;
store.put = function (value: unknown, key?: IDBValidKey): IDBRequest<IDBValidKey> {
  if (value instanceof Uint8Array) take(value.length);
  return put.call(this, value, key);
};

interface Handle {
  write(bytes: Uint8Array, options: { at: number }): number;
  getSize(): number;
}
const handle = (globalThis as unknown as { FileSystemSyncAccessHandle: { prototype: Handle } })
  .FileSystemSyncAccessHandle.prototype;
const { write } = handle;
handle.write = function (this: Handle, bytes, options) {
  if (options.at + bytes.length > this.getSize()) take(bytes.length);
  return write.call(this, bytes, options);
};
