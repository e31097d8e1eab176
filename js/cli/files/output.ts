import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

const bufferBytes = 1 << 20;

/** A file that is written under another name until it is whole. */
export class OutputFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #open = true;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(path: string): Promise<OutputFile> {
    // In the same folder, as a file cannot be renamed from one disk to another.
    const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
    return new OutputFile(path, temporary, await open(temporary, 'wx'));
  }

  /** Appends. Resolves when the caller may go on, so that no more than a buffer waits in memory. */
  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= bufferBytes) await this.#flush();
  }

  /** Replaces the first bytes, which must have been written. */
  async overwriteStart(bytes: Uint8Array): Promise<void> {
    await this.#flush();
    await this.#handle.write(bytes, 0, bytes.length, 0);
  }

  /** Everything is on the disk, still under the other name. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#handle.sync();
    this.#open = false;
    await this.#handle.close();
  }

  /** Gives the file its name, and so replaces what had it. After {@link finish}. */
  async publish(): Promise<void> {
    await rename(this.#temporary, this.path);
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    if (this.#open) await this.#handle.close();
    this.#open = false;
    await rm(this.#temporary, { force: true });
  }

  async #flush(): Promise<void> {
    const data = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#handle.writeFile(data);
  }
}
