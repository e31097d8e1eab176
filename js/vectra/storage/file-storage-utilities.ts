import { pathUtils } from '../path-utils.ts';
import type { FileStorage } from './file-storage.ts';
import { ContentTypeMap, FileExt, type FileType } from './file-type.ts';

const known = (ending: string): FileType | undefined =>
  FileExt.includes(ending) ? ending : undefined;

// biome-ignore lint/complexity/noStaticOnlyClass: the class is Vectra's API
export class FileStorageUtilities {
  static async ensureFolderExists(storage: FileStorage, folderPath: string): Promise<void> {
    if (!(await storage.pathExists(folderPath))) await storage.createFolder(folderPath);
  }

  /** By the name's ending, if it is one of `FileExt`. */
  static getFileType(filePath: string): FileType | undefined {
    return known(pathUtils.extname(filePath).slice(1).toLowerCase());
  }

  static getFileTypeFromContentType(contentType: string): FileType | undefined {
    if (Object.hasOwn(ContentTypeMap, contentType)) return ContentTypeMap[contentType];
    const parts = contentType.split('/');
    return parts.length === 2 ? known((parts[1] as string).split('+')[0] as string) : undefined;
  }

  /** The error when the file could not be deleted. */
  static async tryDeleteFile(storage: FileStorage, filePath: string): Promise<Error | undefined> {
    try {
      await storage.deleteFile(filePath);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }
}
