import fs from 'node:fs';
import path from 'node:path';
import type { TextFetcher } from '../types.ts';

type OnDocument = Parameters<TextFetcher['fetch']>[1];

/** Reads a file, or each file of a folder and of the folders in it. */
export class FileFetcher implements TextFetcher {
  /** False when `onDocument` was false for one. A path that there is not is passed over. */
  async fetch(uri: string, onDocument: OnDocument): Promise<boolean> {
    let isFolder: boolean;
    try {
      isFolder = (await fs.promises.stat(uri)).isDirectory();
    } catch {
      return true;
    }
    if (isFolder) {
      let isWhole = true;
      for (const name of await fs.promises.readdir(uri))
        isWhole = (await this.fetch(path.join(uri, name), onDocument)) && isWhole;
      return isWhole;
    }
    const text = await fs.promises.readFile(uri, 'utf8');
    const ending = path.extname(uri).slice(1) || path.basename(uri);
    return await onDocument(uri, text, ending.toLowerCase());
  }
}
