// Where files are, in Node. The build for browsers takes stores-browser.ts instead.
import type { FileStorage } from './storage/file-storage.ts';
import { LocalFileStorage } from './storage/local-file-storage.ts';

export { openInPlace as storeInPlace } from './saving/in-place-store.ts';

export const defaultStorage = (): FileStorage => new LocalFileStorage();
