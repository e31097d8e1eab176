import type { PoolFile } from '../../js/storage/pool.ts';

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

/** A file in two states: what is on the disk, and what was done since. */
export class CrashingFile implements PoolFile {
  #disk = new Uint8Array(0);
  #now = new Uint8Array(0);
  #pending: Change[] = [];
  /** Bytes that may be written before the quota is used up. */
  static room = Number.POSITIVE_INFINITY;

  read(into: Uint8Array, { at }: { at: number }): number {
    const piece = this.#now.subarray(at, at + into.length);
    into.set(piece);
    return piece.length;
  }
  write(more: Uint8Array, { at }: { at: number }): number {
    if (at + more.length > this.#now.length && more.length > CrashingFile.room)
      throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
    CrashingFile.room -= more.length;
    const change = { at, bytes: more.slice() };
    this.#pending.push(change);
    this.#now = applied(this.#now, change);
    return more.length;
  }
  truncate(size: number): void {
    this.#pending.push({ size });
    this.#now = applied(this.#now, { size });
  }
  flush(): void {
    this.#disk = this.#now.slice();
    this.#pending = [];
  }
  getSize(): number {
    return this.#now.length;
  }
  close(): void {}

  /**
   * The file that is there afterwards; this one is of no more use. `fate` says of each change what becomes of it: nothing, a
   * part of it (of a record less than it needs), all.
   */
  crash(fate: () => 0 | 1 | 2): CrashingFile {
    const left = new CrashingFile();
    for (const change of this.#pending) {
      const kept = fate();
      if (kept === 2) this.#disk = applied(this.#disk, change);
      else if (kept === 1 && 'bytes' in change) {
        const part = change.bytes.subarray(0, Math.min(20, change.bytes.length >> 1));
        this.#disk = applied(this.#disk, { at: change.at, bytes: part });
      }
    }
    left.#disk = this.#disk;
    left.#now = this.#disk.slice();
    return left;
  }
}

function applied(content: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  const size =
    'size' in change ? change.size : Math.max(content.length, change.at + change.bytes.length);
  const next = new Uint8Array(size);
  next.set(content.subarray(0, size));
  if ('bytes' in change) next.set(change.bytes, change.at);
  return next;
}
