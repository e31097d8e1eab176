import { type FileHandle, open } from 'node:fs/promises';
import { QuiverError } from '../../index.ts';

const chunkBytes = 1 << 20;

/** A file, or a pipe, that is read from front to back in pieces. */
export class InputFile {
  readonly path: string;
  /** Undefined for what is no regular file, whose end nobody knows. */
  readonly size: number | undefined;
  readonly #handle: FileHandle;
  #position = 0;

  private constructor(path: string, handle: FileHandle, size: number | undefined) {
    this.path = path;
    this.#handle = handle;
    this.size = size;
  }

  static async open(path: string): Promise<InputFile> {
    const handle = await open(path, 'r');
    try {
      const stat = await handle.stat();
      if (stat.isDirectory())
        throw new QuiverError('INVALID_ARGUMENT', `Expected a file, but ${path} is a folder`);
      return new InputFile(path, handle, stat.isFile() ? stat.size : undefined);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes that were read. */
  get position(): number {
    return this.#position;
  }

  /** How much of it was read, 0 to 1. */
  get fraction(): number | undefined {
    return this.size === undefined || this.size === 0 ? undefined : this.#position / this.size;
  }

  /** The next `length` bytes; fewer only at the end of the file. They start an ArrayBuffer, so that any view fits. */
  async take(length: number): Promise<Buffer> {
    const into = Buffer.from(new ArrayBuffer(length));
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(into, filled, length - filled, null);
      if (bytesRead === 0) break;
      filled += bytesRead;
      this.#position += bytesRead;
    }
    return into.subarray(0, filled);
  }

  /** What is left, in pieces. */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const into = Buffer.allocUnsafeSlow(chunkBytes);
      // A pipe gives what it has: whoever reads need not wait for a full piece.
      const { bytesRead } = await this.#handle.read(into, 0, chunkBytes, null);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      yield into.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** An error about this file. */
  corrupt(problem: string): QuiverError {
    return new QuiverError('CORRUPT_FILE', `${this.path}: ${problem}`);
  }

  unsupported(problem: string): QuiverError {
    return new QuiverError('UNSUPPORTED_FORMAT', `${this.path}: ${problem}`);
  }
}
