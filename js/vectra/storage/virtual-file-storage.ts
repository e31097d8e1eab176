import { bufferOf } from '../bytes.ts';
import { pathUtils } from '../path-utils.ts';
import type { FileDetails, FileStorage, ListFilesFilter } from './file-storage.ts';
import { FileStorageUtilities } from './file-storage-utilities.ts';

/** A file has bytes, a folder has none. */
type Entry = Buffer | undefined;

/** Files in memory. What is given and what is read are copies. */
export class VirtualFileStorage implements FileStorage {
  readonly #entries = new Map<string, Entry>();

  async createFile(filePath: string, content: Buffer | string): Promise<void> {
    const key = keyOf(filePath);
    if (this.#entries.has(key)) throw new Error(`File already exists: ${key}`);
    this.#entries.set(key, bufferOf(content));
  }

  async createFolder(folderPath: string): Promise<void> {
    const key = keyOf(folderPath);
    if (this.#entries.get(key) !== undefined)
      throw new Error(`Cannot create folder: ${key} is a file`);
    if (!this.#entries.has(key)) this.#entries.set(key, undefined);
  }

  async deleteFile(filePath: string): Promise<void> {
    const key = keyOf(filePath);
    if (this.#isFolder(key)) throw new Error(`Cannot delete file: ${key} is a folder`);
    this.#entries.delete(key);
  }

  /** As in Vectra, what is in the folder stays. */
  async deleteFolder(folderPath: string): Promise<void> {
    const key = keyOf(folderPath);
    if (this.#entries.get(key) !== undefined)
      throw new Error(`Cannot delete folder: ${key} is a file`);
    this.#entries.delete(key);
  }

  async getDetails(fileOrFolderPath: string): Promise<FileDetails> {
    const key = keyOf(fileOrFolderPath);
    if (!this.#entries.has(key)) throw new Error(`Path not found: ${key}`);
    return this.#details(key);
  }

  async listFiles(folderPath: string, filter: ListFilesFilter = 'all'): Promise<FileDetails[]> {
    const folder = keyOf(folderPath);
    return [...this.#entries.keys()]
      .filter((key) => key.slice(0, Math.max(key.lastIndexOf(pathUtils.sep), 0)) === folder)
      .map((key) => this.#details(key))
      .filter(({ isFolder }) => filter === 'all' || isFolder === (filter === 'folders'));
  }

  async pathExists(fileOrFolderPath: string): Promise<boolean> {
    return this.#entries.has(keyOf(fileOrFolderPath));
  }

  async readFile(filePath: string): Promise<Buffer> {
    const key = keyOf(filePath);
    if (!this.#entries.has(key)) throw new Error(`File not found: ${key}`);
    const content = this.#entries.get(key);
    if (content === undefined) throw new Error(`Cannot read file: ${key} is a folder`);
    return bufferOf(content);
  }

  async upsertFile(filePath: string, content: Buffer | string): Promise<void> {
    const key = keyOf(filePath);
    if (this.#isFolder(key)) throw new Error(`Cannot write file: ${key} is a folder`);
    this.#entries.set(key, bufferOf(content));
  }

  #isFolder(key: string): boolean {
    return this.#entries.has(key) && this.#entries.get(key) === undefined;
  }

  #details(key: string): FileDetails {
    const isFolder = this.#isFolder(key);
    return {
      name: pathUtils.basename(key),
      path: key,
      isFolder,
      fileType: isFolder ? undefined : FileStorageUtilities.getFileType(key),
    };
  }
}

/** `a/`, `./a` and `a` are one path; '' is the root. */
function keyOf(filePath: string): string {
  const key = pathUtils.normalize(filePath);
  return key.length > 1 && key.endsWith(pathUtils.sep) ? key.slice(0, -1) : key;
}
