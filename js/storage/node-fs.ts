import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { type HostFs, hostError } from './host-fs.ts';

const codes: Readonly<Record<string, number>> = {
  ENOENT: hostError.missing,
  ENOTDIR: hostError.missing,
  EACCES: hostError.permission,
  EPERM: hostError.permission,
  EROFS: hostError.permission,
  ENOSPC: hostError.noSpace,
  EDQUOT: hostError.noSpace,
  EEXIST: hostError.exists,
  ENOTEMPTY: hostError.exists,
};

/** The files of this machine, through node:fs. */
export class NodeFs implements HostFs {
  #message = '';
  #start: string | undefined;
  #host: string | undefined;

  open(path: string): number {
    return this.#try(() => fs.openSync(path, 'w'));
  }

  append(fd: number, bytes: Uint8Array): number {
    return this.#try(() => writeAll(fd, bytes));
  }

  sync(fd: number): number {
    return this.#try(() => fs.fsyncSync(fd));
  }

  close(fd: number): number {
    return this.#try(() => fs.closeSync(fd));
  }

  size(path: string): number {
    return this.#try(() => fs.statSync(path).size);
  }

  modified(path: string): number {
    return this.#try(() => Math.floor(fs.statSync(path).mtimeMs));
  }

  openToRead(path: string): number {
    return this.#try(() => fs.openSync(path, 'r'));
  }

  sizeOf(fd: number): number {
    return this.#try(() => fs.fstatSync(fd).size);
  }

  readAt(fd: number, into: Uint8Array, offset: number): number {
    return this.#try(() => {
      let done = 0;
      while (done < into.length) {
        const count = fs.readSync(fd, into, done, into.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  rename(from: string, to: string): number {
    return this.#try(() => fs.renameSync(from, to));
  }

  remove(path: string): number {
    return this.#try(() => fs.unlinkSync(path));
  }

  list(folder: string): string[] | number {
    let names: string[] = [];
    const status = this.#try(() => {
      names = fs.readdirSync(folder);
    });
    return status < 0 ? status : names;
  }

  exists(path: string): number {
    const status = this.#try(() => {
      fs.statSync(path);
      return 1;
    });
    return status === hostError.missing ? 0 : status;
  }

  createExclusive(path: string, bytes: Uint8Array): number {
    const temporary = `${path}-${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
    return this.#try(() => {
      writeNew(temporary, bytes);
      try {
        // A link appears at once and whole, and fails if the name is taken.
        fs.linkSync(temporary, path);
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        // The temporary file is gone only if the one who got the name first has cleaned up.
        if (code === 'ENOENT') throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' });
        if (!noLinks.has(code)) throw error;
        // This file system has none. For a moment others see the name without its content, which they take for locked.
        writeNew(path, bytes);
      } finally {
        fs.rmSync(temporary, { force: true });
      }
    });
  }

  makeFolder(path: string): number {
    return this.#try(() => {
      const folder = resolve(path);
      const first = fs.mkdirSync(folder, { recursive: true });
      if (first === undefined) return;
      // A folder is in its parent only once the parent is on the disk. One that may be entered but not read cannot be
      // opened for that.
      for (let made = folder; made.length >= first.length; made = dirname(made)) {
        const status = this.syncFolder(dirname(made));
        if (status < 0 && status !== hostError.permission) throw new Error(this.#message);
      }
    });
  }

  removeFolder(path: string): number {
    return this.#try(() => fs.rmdirSync(path));
  }

  syncFile(path: string): number {
    return this.#try(() => {
      // Windows flushes only what is open for writing.
      const fd = fs.openSync(path, process.platform === 'win32' ? 'r+' : 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  syncFolder(path: string): number {
    // Windows has no handle of a folder to flush; its journal orders these changes itself.
    if (process.platform === 'win32') return 0;
    return this.#try(() => {
      const fd = fs.openSync(path, 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
  }

  ownerPid(): number {
    return process.pid;
  }

  ownerHost(): string {
    this.#host ??= hostName();
    return this.#host;
  }

  ownerStart(): string {
    this.#start ??= processStart(process.pid);
    return this.#start;
  }

  ownerAlive(pid: number, start: string, host: string): number {
    // Another machine's processes cannot be seen from here (a shared disk, a container): assume the best of them.
    if (host !== this.ownerHost()) return 1;
    try {
      process.kill(pid, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 0;
    }
    // The number may have gone to another process since.
    const now = processStart(pid);
    return start !== '' && now !== '' && now !== start ? 0 : 1;
  }

  lastMessage(): string {
    return this.#message;
  }

  #try(call: () => unknown): number {
    try {
      const result = call();
      return typeof result === 'number' ? result : 0;
    } catch (error) {
      this.#message = error instanceof Error ? error.message : String(error);
      return codes[(error as NodeJS.ErrnoException).code ?? ''] ?? hostError.io;
    }
  }
}

/** What linking fails with where a file system has no hard links. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV']);

/** A new file with these bytes, on the disk; none if that fails. */
function writeNew(path: string, bytes: Uint8Array): void {
  const fd = fs.openSync(path, 'wx');
  try {
    writeAll(fd, bytes);
    fs.fsyncSync(fd);
  } catch (error) {
    fs.unlinkSync(path); // half of it would look like someone else's
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) done += fs.writeSync(fd, bytes, done, bytes.length - done);
}

/** Names the processes that can be seen from here: those of a container's namespace cannot, even on a host of that name. */
function hostName(): string {
  try {
    return `${hostname()} ${fs.readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Clock ticks between boot and the start of a process, where Linux tells; else empty. */
function processStart(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may hold anything; the start is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
