import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isFileName } from '../path-utils.ts';
import type { Patch } from './layout.ts';
import type { Companion } from './store.ts';

/** How long a commit of another process is waited for, in milliseconds. */
const patienceMs = 30_000;
/** How long a file is given to say whose it is: it is created first and filled then. */
const silenceMs = 3000;

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, where the system tells: another may have its number by now. */
  readonly started: string | undefined;
  readonly token: string;
}

interface RecordHead {
  /** Of the index, before. */
  readonly size: number;
  /** Whether a new file, which is whole under its temporary name, takes the index's place. */
  readonly isAnew: boolean;
  /** `old`: how many bytes were there before. */
  readonly patches: readonly {
    readonly at: number;
    readonly length: number;
    readonly old: number;
  }[];
  readonly files: readonly { readonly name: string; readonly length: number }[];
}

interface Change extends Patch {
  readonly old: Uint8Array;
}

export const temporary = (path: string): string => `${path}.quiver-new`;

/** Commits of this process that could be neither finished nor undone. */
const abandoned = new Set<string>();

/**
 * A file beside the index that is there while a commit is: it keeps other writers out, and has all that the commit does, so
 * that whoever comes after a crash can finish it. First line: whose it is. Then a checksum, what is written where, and the
 * bytes. Nothing of the index is touched before all of that is on the disk.
 */
export class CommitFile {
  readonly #indexPath: string;
  readonly #path: string;
  readonly #token: string;
  readonly #handle: FileHandle;

  private constructor(indexPath: string, token: string, handle: FileHandle) {
    this.#indexPath = indexPath;
    this.#path = pathOf(indexPath);
    this.#token = token;
    this.#handle = handle;
  }

  /**
   * Waits until no other commit is under way. One whose process is gone is finished, or undone when it had not begun.
   *
   * @throws when another process does not finish within {@link patienceMs}
   */
  static async begin(indexPath: string): Promise<CommitFile> {
    const token = crypto.randomUUID();
    const waiting = new Waiting(indexPath);
    for (;;) {
      try {
        return new CommitFile(indexPath, token, await fs.open(pathOf(indexPath), 'wx'));
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        await waiting.turn();
      }
    }
  }

  /** Waits until no commit is under way, as {@link begin} does, and begins none. */
  static async settle(indexPath: string): Promise<void> {
    const waiting = new Waiting(indexPath);
    while (await exists(pathOf(indexPath))) await waiting.turn();
  }

  /** Says whose the file is: what comes first, after {@link begin}. */
  async sign(): Promise<void> {
    // By the module's function, where tests put their stubs.
    await fs.writeFile(this.#handle, `${JSON.stringify(self(this.#token))}\n`);
  }

  /**
   * Writes all of the changes, or none: also when the process or the machine stops.
   *
   * @param size the index's, in bytes
   */
  async patch(size: number, patches: readonly Patch[], files: readonly Companion[]): Promise<void> {
    const handle = await fs.open(this.#indexPath, 'r+');
    try {
      const changes: Change[] = [];
      for (const patch of patches) {
        const { at, bytes } = patch;
        const length = Math.max(Math.min(bytes.length, size - at), 0);
        const old = patch.old?.length === length ? patch.old : await readAt(handle, at, length);
        changes.push({ at, bytes, old });
      }
      await this.#record({ size, isAnew: false }, changes, files);
      try {
        if (changes.length > 0) await write(handle, changes);
        await replaceFiles(this.#indexPath, files);
      } catch (error) {
        await this.#undo(handle, size, changes);
        throw error;
      }
    } finally {
      await handle.close();
    }
  }

  /** Puts the file that is under the index's temporary name in its place, and writes the others: all or none. */
  async replace(files: readonly Companion[]): Promise<void> {
    await this.#record({ size: 0, isAnew: true }, [], files);
    try {
      await replaceIndex(this.#indexPath);
      await replaceFiles(this.#indexPath, files);
    } catch (error) {
      // The record stays, and the next commit finishes this one.
      abandoned.add(this.#token);
      throw error;
    }
  }

  /** The commit is done, or was not begun. */
  async end(): Promise<void> {
    await Promise.all([
      this.#handle.close(),
      // One call less than rm; somebody may have deleted it.
      abandoned.has(this.#token)
        ? undefined
        : fs.unlink(this.#path).catch((error: unknown) => {
            if (codeOf(error) !== 'ENOENT') throw error;
          }),
    ]);
  }

  async #record(
    kind: Pick<RecordHead, 'size' | 'isAnew'>,
    changes: readonly Change[],
    files: readonly Companion[],
  ): Promise<void> {
    const head: RecordHead = {
      ...kind,
      patches: changes.map(({ at, bytes, old }) => ({ at, length: bytes.length, old: old.length })),
      files: files.map(({ name, content }) => ({ name, length: content.length })),
    };
    const body = [
      Buffer.from(`${JSON.stringify(head)}\n`),
      ...changes.flatMap(({ bytes, old }) => [bytes, old]),
      ...files.map(({ content }) => content),
    ];
    const hash = createHash('sha256');
    for (const bytes of body) hash.update(bytes);
    const whole = Buffer.concat([Buffer.from(`${hash.digest('hex')}\n`), ...body]);
    await this.#handle.writeFile(whole);
    await this.#handle.datasync();
  }

  /** Where that fails too, the record stays, and the next commit finishes this one. */
  async #undo(handle: FileHandle, size: number, changes: readonly Change[]): Promise<void> {
    try {
      for (const { at, old } of changes) await writeAt(handle, old, at);
      await handle.truncate(size);
      await handle.datasync();
    } catch {
      abandoned.add(this.#token);
    }
  }
}

const pathOf = (indexPath: string): string => `${indexPath}.quiver-commit`;

/** Waits for somebody else's commit. */
class Waiting {
  readonly #indexPath: string;
  readonly #since = performance.now();
  #silentSince: number | undefined;
  #pauseMs = 1;

  constructor(indexPath: string) {
    this.#indexPath = indexPath;
  }

  /** Finishes the commit of a process that is gone, otherwise waits a little. */
  async turn(): Promise<void> {
    const path = pathOf(this.#indexPath);
    const owner = await ownerOf(path);
    if (owner === 'none') return;
    const now = performance.now();
    if (owner === 'unknown') this.#silentSince ??= now;
    else this.#silentSince = undefined;
    const isSilent = this.#silentSince !== undefined && now - this.#silentSince > silenceMs;
    if (owner === 'unknown' ? isSilent : !isAlive(owner)) {
      await takeOver(this.#indexPath, owner === 'unknown' ? undefined : owner.token);
      return;
    }
    if (now - this.#since > patienceMs) {
      const who = owner === 'unknown' ? 'another process' : `process ${owner.pid} on ${owner.host}`;
      throw new Error(
        `${this.#indexPath} is being saved by ${who}. If that is not so, delete ${path}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    this.#pauseMs = Math.min(this.#pauseMs * 2, 50);
  }
}

/** Finishes a dead process's commit. Of several that see it dead one does so, while it holds a file of its own. */
async function takeOver(indexPath: string, token: string | undefined): Promise<void> {
  const path = pathOf(indexPath);
  const guard = `${path}-takeover`;
  try {
    await fs.writeFile(guard, `${JSON.stringify(self(''))}\n`, { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const holder = await ownerOf(guard);
    if (holder !== 'none' && holder !== 'unknown' && !isAlive(holder))
      await fs.rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    return;
  }
  try {
    const owner = await ownerOf(path);
    if (owner === 'none' || (owner === 'unknown' ? undefined : owner.token) !== token) return;
    await finish(indexPath, path);
    await fs.rm(path, { force: true });
    if (token !== undefined) abandoned.delete(token);
  } finally {
    await fs.rm(guard, { force: true });
  }
}

/** Does again what a commit's record says, if the record is whole and the file is the one that it was made for. */
async function finish(indexPath: string, path: string): Promise<void> {
  const record = parse(await fs.readFile(path));
  // Without an index there is nothing to finish.
  const isPossible = record !== undefined && (await exists(indexPath));
  if (isPossible && record.isAnew && (await exists(temporary(indexPath))))
    await replaceIndex(indexPath);
  await fs.rm(temporary(indexPath), { force: true });
  if (!isPossible || !(await writeAgain(indexPath, record.changes))) return;
  await replaceFiles(indexPath, record.files);
}

/** False where another program has written the file since. */
async function writeAgain(indexPath: string, changes: readonly Change[]): Promise<boolean> {
  if (changes.length === 0) return true;
  const handle = await fs.open(indexPath, 'r+');
  try {
    const { size } = await handle.stat();
    for (const change of changes) if (!(await isBetween(handle, size, change))) return false;
    await write(handle, changes);
    return true;
  } finally {
    await handle.close();
  }
}

/** Whether every byte is that of before or that of after: then no other program has written the file since. */
async function isBetween(handle: FileHandle, size: number, change: Change): Promise<boolean> {
  const { at, bytes, old } = change;
  if (size < at + old.length) return false;
  const now = await readAt(handle, at, Math.min(bytes.length, size - at));
  // Where there was nothing before, a part that the disk did not get yet reads as zeros.
  return now.every((byte, i) => byte === bytes[i] || byte === (old[i] ?? 0));
}

function parse(
  bytes: Buffer,
): { isAnew: boolean; changes: Change[]; files: Companion[] } | undefined {
  const line = (from: number): number => bytes.indexOf(0x0a, from) + 1;
  const checksum = line(0);
  const head = line(checksum);
  const body = line(head);
  if (checksum === 0 || head <= checksum || body <= head) return undefined;
  const hash = createHash('sha256').update(bytes.subarray(head)).digest('hex');
  if (bytes.toString('latin1', checksum, head - 1) !== hash) return undefined;
  const { isAnew, patches, files } = JSON.parse(
    bytes.toString('utf8', head, body - 1),
  ) as RecordHead;
  if (!files.every(({ name }) => isFileName(name))) return undefined;
  let at = body;
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    isAnew,
    changes: patches.map((patch) => ({
      at: patch.at,
      bytes: take(patch.length),
      old: take(patch.old),
    })),
    files: files.map(({ name, length }) => ({ name, content: take(length) })),
  };
}

async function write(handle: FileHandle, changes: readonly Patch[]): Promise<void> {
  for (const { at, bytes } of changes) await writeAt(handle, bytes, at);
  await handle.datasync();
}

export async function writeAt(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      bytes.length - written,
      at + written,
    );
    written += bytesWritten;
  }
}

export async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(length, 0));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, at + filled);
    if (bytesRead === 0) throw new Error('The index file is shorter than it was');
    filled += bytesRead;
  }
  return bytes;
}

async function replaceIndex(indexPath: string): Promise<void> {
  await fs.rename(temporary(indexPath), indexPath);
  await syncFolder(dirname(indexPath));
}

async function replaceFiles(indexPath: string, files: readonly Companion[]): Promise<void> {
  for (const { name, content } of files) await replaceFile(join(dirname(indexPath), name), content);
}

/** A file with this content, or the one of before. */
async function replaceFile(path: string, content: Uint8Array): Promise<void> {
  const handle = await fs.open(temporary(path), 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await fs.rename(temporary(path), path);
}

export async function syncFile(path: string): Promise<void> {
  const handle = await fs.open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Waits until the names in a folder are on the disk, where the system can tell. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await fs.open(folder, 'r');
  } catch {
    return; // Windows opens no folders, and keeps their names with the files
  }
  try {
    await handle.sync();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'EPERM') throw error;
  } finally {
    await handle.close();
  }
}

export const codeOf = (error: unknown): string | undefined =>
  (error as NodeJS.ErrnoException | undefined)?.code;

async function exists(path: string): Promise<boolean> {
  try {
    await fs.access(path);
    return true;
  } catch {
    return false;
  }
}

/** 'unknown' while the file's first line is not there. */
async function ownerOf(path: string): Promise<Owner | 'unknown' | 'none'> {
  let text: string;
  try {
    text = await fs.readFile(path, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'none';
    throw error;
  }
  const end = text.indexOf('\n');
  try {
    return end < 0 ? 'unknown' : (JSON.parse(text.slice(0, end)) as Owner);
  } catch {
    return 'unknown';
  }
}

const self = (token: string): Owner => ({
  pid: process.pid,
  host: hostname(),
  started: startOf(process.pid),
  token,
});

/** Whether an owner may still be at work. Of a process on another host nobody here knows. */
function isAlive(owner: Owner): boolean {
  if (abandoned.has(owner.token)) return false;
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  return owner.started === undefined || owner.started === startOf(owner.pid);
}

/** When a process began, in the system's ticks; undefined where only Linux would tell. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may have anything in it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
