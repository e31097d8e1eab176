// Each call is made on the module's object, where tests put their stubs.
import fs from 'node:fs/promises';
import path from 'node:path';
import { bufferOf } from '../bytes.ts';
import type { FileDetails, FileStorage, ListFilesFilter } from './file-storage.ts';
import { FileStorageUtilities } from './file-storage-utilities.ts';

/** Files on this machine. */
export class LocalFileStorage implements FileStorage {
  private readonly _rootFolder: string | undefined;

  /** @param rootFolder what paths are relative to; without it they are taken as they are */
  constructor(rootFolder?: string) {
    this._rootFolder = rootFolder;
  }

  /** The path in the file system. */
  getFullPath(filePath: string): string {
    if (!this._rootFolder) return filePath || '.';
    return filePath === '' ? this._rootFolder : path.join(this._rootFolder, filePath);
  }

  async createFile(filePath: string, content: Buffer | string): Promise<void> {
    await fs.writeFile(this.getFullPath(filePath), asBuffer(content), { flag: 'wx' });
  }

  async createFolder(folderPath: string): Promise<void> {
    await fs.mkdir(this.getFullPath(folderPath), { recursive: true });
  }

  async deleteFile(filePath: string): Promise<void> {
    await fs.unlink(this.getFullPath(filePath));
  }

  async deleteFolder(folderPath: string): Promise<void> {
    await fs.rm(this.getFullPath(folderPath), { recursive: true });
  }

  async getDetails(fileOrFolderPath: string): Promise<FileDetails> {
    const stats = await fs.stat(this.getFullPath(fileOrFolderPath));
    return {
      name: path.basename(fileOrFolderPath),
      path: fileOrFolderPath,
      isFolder: stats.isDirectory(),
      fileType: stats.isFile() ? FileStorageUtilities.getFileType(fileOrFolderPath) : undefined,
    };
  }

  /** As in Vectra, the filter is not looked at. */
  async listFiles(folderPath: string, _filter?: ListFilesFilter): Promise<FileDetails[]> {
    const folder = this.getFullPath(folderPath);
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({
      name: entry.name,
      path: path.join(folder, entry.name),
      isFolder: entry.isDirectory(),
      fileType: entry.isFile() ? FileStorageUtilities.getFileType(entry.name) : undefined,
    }));
  }

  async pathExists(fileOrFolderPath: string): Promise<boolean> {
    try {
      await fs.access(this.getFullPath(fileOrFolderPath));
      return true;
    } catch {
      return false;
    }
  }

  async readFile(filePath: string): Promise<Buffer> {
    return await fs.readFile(this.getFullPath(filePath));
  }

  async upsertFile(filePath: string, content: Buffer | string): Promise<void> {
    await fs.writeFile(this.getFullPath(filePath), asBuffer(content), { flag: 'w' });
  }
}

const asBuffer = (content: Buffer | string): Buffer =>
  typeof content === 'string' ? bufferOf(content) : content;
