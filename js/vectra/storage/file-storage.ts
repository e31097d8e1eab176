import type { FileType } from './file-type.ts';

export type ListFilesFilter = 'files' | 'folders' | 'all';

export interface FileDetails {
  name: string;
  path: string;
  isFolder: boolean;
  /** By the name's ending; undefined for folders and for endings that are not in `FileExt`. */
  fileType?: FileType | undefined;
}

/** Where an index keeps its files. Every file is read and written whole. */
export interface FileStorage {
  /** @throws when there is one already */
  createFile(filePath: string, content: Buffer | string): Promise<void>;
  /** With the folders above it. */
  createFolder(folderPath: string): Promise<void>;
  deleteFile(filePath: string): Promise<void>;
  /** With all that is in it. */
  deleteFolder(folderPath: string): Promise<void>;
  /** @throws when there is neither */
  getDetails(fileOrFolderPath: string): Promise<FileDetails>;
  listFiles(folderPath: string, filter?: ListFilesFilter): Promise<FileDetails[]>;
  pathExists(fileOrFolderPath: string): Promise<boolean>;
  readFile(filePath: string): Promise<Buffer>;
  /** Creates the file, or replaces what is in it. */
  upsertFile(filePath: string, content: Buffer | string): Promise<void>;
}
