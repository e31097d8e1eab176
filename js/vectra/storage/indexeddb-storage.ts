import { bufferOf } from '../bytes.ts';
import { pathUtils } from '../path-utils.ts';
import type { FileDetails, FileStorage, ListFilesFilter } from './file-storage.ts';
import { FileStorageUtilities } from './file-storage-utilities.ts';

type StoreName = 'files' | 'folders';

/** A record, as Vectra's own database has it. */
interface StoredFile {
  path: string;
  parentPath: string;
  content: ArrayBuffer;
  createdAt: number;
  updatedAt: number;
}

/** Files in a browser's IndexedDB, in the database that Vectra's class of this name makes. */
export class IndexedDBStorage implements FileStorage {
  readonly #name: string;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(dbName = 'vectra-db') {
    this.#name = dbName;
  }

  async createFile(filePath: string, content: Buffer | string): Promise<void> {
    await this.#write('files', `File already exists: ${filePath}`, (files) =>
      files.add(recordOf(filePath, content)),
    );
  }

  async createFolder(folderPath: string): Promise<void> {
    const parts = pathOf(folderPath).split('/').filter(Boolean);
    await this.#write('folders', `Failed to create folder: ${folderPath}`, (folders) => {
      for (let depth = 1; depth <= parts.length; depth++) {
        folders.put({
          path: parts.slice(0, depth).join('/'),
          parentPath: parts.slice(0, depth - 1).join('/'),
          createdAt: Date.now(),
        });
      }
    });
  }

  async deleteFile(filePath: string): Promise<void> {
    await this.#write('files', `Failed to delete file: ${filePath}`, (files) =>
      files.delete(pathOf(filePath)),
    );
  }

  async deleteFolder(folderPath: string): Promise<void> {
    // Folders are named without the leading slash that files keep.
    for (const [store, folder] of [
      ['files', pathOf(folderPath)],
      ['folders', folderKey(folderPath)],
    ] as const) {
      await this.#write(store, `Failed to delete folder: ${folderPath}`, (entries) => {
        entries.delete(folder);
        entries.delete(IDBKeyRange.bound(`${folder}/`, `${folder}/\uffff`));
      });
    }
  }

  async getDetails(fileOrFolderPath: string): Promise<FileDetails> {
    const path = pathOf(fileOrFolderPath);
    if ((await this.#read('files', (files) => files.getKey(path))) !== undefined)
      return fileDetails(path);
    const folder = folderKey(fileOrFolderPath);
    if ((await this.#read('folders', (folders) => folders.getKey(folder))) !== undefined)
      return { name: pathUtils.basename(path), path, isFolder: true };
    throw new Error(`Path not found: ${fileOrFolderPath}`);
  }

  async listFiles(folderPath: string, filter: ListFilesFilter = 'all'): Promise<FileDetails[]> {
    const found: FileDetails[] = [];
    if (filter !== 'folders') {
      const keys = await this.#read('files', (files) =>
        files.index('parentPath').getAllKeys(pathOf(folderPath)),
      );
      found.push(...keys.map((key) => fileDetails(String(key))));
    }
    if (filter !== 'files') {
      const keys = await this.#read('folders', (folders) =>
        folders.index('parentPath').getAllKeys(folderKey(folderPath)),
      );
      found.push(
        ...keys.map((key) => ({
          name: pathUtils.basename(String(key)),
          path: String(key),
          isFolder: true,
        })),
      );
    }
    return found;
  }

  async pathExists(fileOrFolderPath: string): Promise<boolean> {
    try {
      await this.getDetails(fileOrFolderPath);
      return true;
    } catch {
      return false;
    }
  }

  async readFile(filePath: string): Promise<Buffer> {
    const file = await this.#read<StoredFile | undefined>('files', (files) =>
      files.get(pathOf(filePath)),
    );
    if (file === undefined) throw new Error(`File not found: ${filePath}`);
    return bufferOf(new Uint8Array(file.content));
  }

  async upsertFile(filePath: string, content: Buffer | string): Promise<void> {
    await this.#write('files', `Failed to write file: ${filePath}`, (files) =>
      files.put(recordOf(filePath, content)),
    );
  }

  /** Closes the connection; the next call opens it again. */
  close(): void {
    void this.#opening?.then((database) => database.close());
    this.#opening = undefined;
  }

  /** Deletes the database. */
  async destroy(): Promise<void> {
    this.close();
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(this.#name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(new Error(`Failed to delete database: ${this.#name}`));
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        for (const store of ['files', 'folders']) {
          if (request.result.objectStoreNames.contains(store)) continue;
          request.result
            .createObjectStore(store, { keyPath: 'path' })
            .createIndex('parentPath', 'parentPath', { unique: false });
        }
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => {
        this.#opening = undefined;
        reject(new Error(`Failed to open IndexedDB: ${request.error?.message}`));
      };
    });
    return this.#opening;
  }

  async #read<T>(store: StoreName, ask: (entries: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await this.#open();
    return await new Promise<T>((resolve, reject) => {
      const request = ask(database.transaction(store, 'readonly').objectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  /** Resolves when the transaction is complete. */
  async #write(
    store: StoreName,
    failure: string,
    change: (entries: IDBObjectStore) => unknown,
  ): Promise<void> {
    const database = await this.#open();
    await new Promise<void>((resolve, reject) => {
      const transaction = database.transaction(store, 'readwrite');
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(new Error(failure, { cause: transaction.error }));
      change(transaction.objectStore(store));
    });
  }
}

const pathOf = (filePath: string): string => pathUtils.normalize(filePath);
const folderKey = (folderPath: string): string => pathOf(folderPath).replace(/^\//, '');

const fileDetails = (path: string): FileDetails => ({
  name: pathUtils.basename(path),
  path,
  isFolder: false,
  fileType: FileStorageUtilities.getFileType(path),
});

function recordOf(filePath: string, content: Buffer | string): StoredFile {
  const path = pathOf(filePath);
  const parent = pathUtils.dirname(path);
  const now = Date.now();
  // A copy whose buffer is no longer than the file.
  const bytes = new Uint8Array(bufferOf(content));
  return {
    path,
    parentPath: parent === path ? '' : parent,
    content: bytes.buffer,
    createdAt: now,
    updatedAt: now,
  };
}
