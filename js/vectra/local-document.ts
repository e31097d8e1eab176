import { textOf } from './bytes.ts';
import type { IndexCodec } from './codec/index-codec.ts';
import { pathUtils } from './path-utils.ts';
import type { FileStorage } from './storage/file-storage.ts';
import type { MetadataTypes, Tokenizer } from './types.ts';

/** What a document asks of its index. */
export interface DocumentHome {
  readonly folderPath: string;
  readonly storage: FileStorage;
  readonly tokenizer: Tokenizer;
  readonly codec?: IndexCodec;
}

/** Longer texts are not counted but estimated, in characters. */
const countedCharacters = 40_000;

/** A document of an index. What is read from its files is kept. */
export class LocalDocument {
  readonly #home: DocumentHome;
  readonly #id: string;
  readonly #uri: string;
  #text: string | undefined;
  #metadata: Record<string, MetadataTypes> | undefined;

  constructor(index: DocumentHome, id: string, uri: string) {
    this.#home = index;
    this.#id = id;
    this.#uri = uri;
  }

  get folderPath(): string {
    return this.#home.folderPath;
  }

  get id(): string {
    return this.#id;
  }

  get uri(): string {
    return this.#uri;
  }

  /** The text's length in tokens; a quarter of its characters when it is long. */
  async getLength(): Promise<number> {
    const text = await this.loadText();
    return text.length <= countedCharacters
      ? this.#home.tokenizer.encode(text).length
      : Math.ceil(text.length / 4);
  }

  async hasMetadata(): Promise<boolean> {
    return await this.#home.storage.pathExists(this.#metadataPath);
  }

  /** @throws `Error reading metadata for document "…": …`, `Error parsing metadata for document "…": …` */
  async loadMetadata(): Promise<Record<string, MetadataTypes>> {
    this.#metadata ??= await this.#readMetadata();
    return this.#metadata;
  }

  /** @throws `Error reading text file for document "…": …` */
  async loadText(): Promise<string> {
    this.#text ??= textOf(await this.#read('text file', this.#pathOf('.txt')));
    return this.#text;
  }

  async #readMetadata(): Promise<Record<string, MetadataTypes>> {
    const text = textOf(await this.#read('metadata', this.#metadataPath));
    try {
      return JSON.parse(text) as Record<string, MetadataTypes>;
    } catch (error) {
      throw this.#failure('parsing metadata', error);
    }
  }

  async #read(what: string, path: string): Promise<Buffer> {
    try {
      return await this.#home.storage.readFile(path);
    } catch (error) {
      throw this.#failure(`reading ${what}`, error);
    }
  }

  #failure(what: string, cause: unknown): Error {
    return new Error(`Error ${what} for document "${this.uri}": ${String(cause)}`, { cause });
  }

  get #metadataPath(): string {
    return this.#pathOf(this.#home.codec?.extension ?? '.json');
  }

  #pathOf(extension: string): string {
    return pathUtils.join(this.folderPath, `${this.id}${extension}`);
  }
}
