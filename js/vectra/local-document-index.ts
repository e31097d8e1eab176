import type { DocumentCatalog, IndexCodec } from './codec/index-codec.ts';
import { computeContentHash } from './content-hash.ts';
import { GPT3Tokenizer } from './gpt3-tokenizer.ts';
import { LocalDocument } from './local-document.ts';
import { LocalDocumentResult } from './local-document-result.ts';
import { LocalIndex } from './local-index.ts';
import { pathUtils } from './path-utils.ts';
import { Queue } from './queue.ts';
import type { Companion } from './saving/store.ts';
import type { Chunk } from './sections.ts';
import type { FileStorage } from './storage/file-storage.ts';
import { TextSplitter, type TextSplitterConfig } from './text-splitter.ts';
import type {
  CreateIndexConfig,
  DocumentCatalogStats,
  DocumentChunkMetadata,
  EmbeddingsModel,
  MetadataFilter,
  MetadataTypes,
  TextChunk,
  Tokenizer,
} from './types.ts';

export interface DocumentQueryOptions {
  /** @default 10 */
  maxDocuments?: number;
  /** How many chunks are looked for, of all documents together. @default 50 */
  maxChunks?: number;
  /** On the metadata of chunks, which have those of their document. */
  filter?: MetadataFilter;
  /** Looks for the query's words too: see `LocalIndex.queryItems`. */
  isBm25?: boolean;
}

export interface LocalDocumentIndexConfig {
  folderPath: string;
  /** @default 'index' and the codec's extension */
  indexName?: string;
  /** What documents and queries need. */
  embeddings?: EmbeddingsModel;
  /** @default new GPT3Tokenizer() */
  tokenizer?: Tokenizer;
  /** By default chunks of 512 tokens without overlap, that keep separators. */
  chunkingConfig?: Partial<TextSplitterConfig>;
  storage?: FileStorage;
  codec?: IndexCodec;
}

/** An index of documents: their chunks are its items, and files beside it have their texts and metadata. */
export class LocalDocumentIndex extends LocalIndex<DocumentChunkMetadata> {
  // These two have the names of Vectra's, which its specs look into.
  private _catalog: DocumentCatalog | undefined;
  private _newCatalog: DocumentCatalog | undefined;

  readonly #embeddings: EmbeddingsModel | undefined;
  readonly #tokenizer: Tokenizer;
  readonly #chunking: Partial<TextSplitterConfig>;
  /** Documents are added and deleted one after the other. */
  readonly #documents = new Queue();
  /** What was read from the index's file when the catalog was read from its own. */
  #readWith: object | undefined;
  /** Files of documents that the open update adds, and names of those it deletes. */
  #files: Companion[] = [];
  #isReplacing = false;

  constructor(config: LocalDocumentIndexConfig) {
    super(config.folderPath, config.indexName, config.storage, config.codec);
    this.#embeddings = config.embeddings;
    this.#tokenizer = config.tokenizer ?? config.chunkingConfig?.tokenizer ?? new GPT3Tokenizer();
    this.#chunking = {
      keepSeparators: true,
      chunkSize: 512,
      chunkOverlap: 0,
      ...config.chunkingConfig,
      tokenizer: this.#tokenizer,
    };
  }

  get embeddings(): EmbeddingsModel | undefined {
    return this.#embeddings;
  }

  get tokenizer(): Tokenizer {
    return this.#tokenizer;
  }

  async isCatalogCreated(): Promise<boolean> {
    return await this.storage.pathExists(this.#pathOf(this.#catalogName));
  }

  async getDocumentId(uri: string): Promise<string | undefined> {
    return own((await this.#loadCatalog()).uriToId, uri);
  }

  async getDocumentUri(documentId: string): Promise<string | undefined> {
    return own((await this.#loadCatalog()).idToUri, documentId);
  }

  async getCatalogStats(): Promise<DocumentCatalogStats> {
    const { items, metadata_config } = await this.getIndexStats();
    const { version, count } = this._catalog ?? (await this.#loadCatalog());
    return { version, documents: count, chunks: items, metadata_config };
  }

  /**
   * Deletes a document; nothing where there is none.
   *
   * @throws `Error deleting document "…": …`, `Error removing text file for document "…" from disk: …`
   */
  async deleteDocument(uri: string): Promise<void> {
    // Called by upsertDocument, it is part of what that does.
    if (this.#isReplacing) await this.#takeOut(uri);
    else await this.#documents.run(() => this.#delete(uri));
  }

  /**
   * Adds a document, or replaces the one with this URI. Where text, type and metadata are those of before, nothing is done
   * unless `force` is set. The old document stays as it was until the new one is saved whole.
   *
   * @param docType a file's ending, by which the text is cut; that of the URI without it
   * @param metadata what filters can ask of the document's chunks
   * @throws `Embeddings model not configured.`, `Error generating embeddings: …`, `Error adding document "…": …`
   */
  async upsertDocument(
    uri: string,
    text: string,
    docType?: string,
    metadata?: Record<string, MetadataTypes>,
    options?: { force?: boolean },
  ): Promise<LocalDocument> {
    const embeddings = this.#model();
    const hash = await computeContentHash(text, docType, metadata);
    const before = await this.getDocumentId(uri);
    const isSame = own(this._catalog?.uriToHash ?? {}, uri) === hash;
    if (before !== undefined && isSame && !options?.force)
      return new LocalDocument(this, before, uri);

    if (this.#tokenizer instanceof GPT3Tokenizer) await GPT3Tokenizer.load();
    const chunks = this.#chunksOf(uri, text, docType);
    const vectors = await embed(embeddings, chunks);
    return await this.#documents.run(() => this.#add(uri, text, metadata, hash, chunks, vectors));
  }

  /** All documents, each with all of its chunks and the score 1. */
  async listDocuments(): Promise<LocalDocumentResult[]> {
    const chunks = await this.listItems();
    return await this.#results(chunks.map((item) => ({ item, score: 1 })));
  }

  /**
   * The documents whose chunks are nearest to the query, best first; a document's score is the mean of those of its chunks.
   *
   * @throws `Embeddings model not configured.`, `Error generating embeddings for query: …`
   */
  async queryDocuments(
    query: string,
    options: DocumentQueryOptions = {},
  ): Promise<LocalDocumentResult[]> {
    const { maxDocuments = 10, maxChunks = 50, filter, isBm25 } = options;
    const failure = 'Error generating embeddings for query';
    const [vector] = await vectorsOf(this.#model(), query.replaceAll('\n', ' '), failure);
    const chunks = await this.queryItems(vector as number[], query, maxChunks, filter, isBm25);
    const results = await this.#results(chunks);
    return results.sort((a, b) => b.score - a.score).slice(0, maxDocuments);
  }

  override async beginUpdate(): Promise<void> {
    await super.beginUpdate();
    await this.#openCatalog();
  }

  override cancelUpdate(): void {
    super.cancelUpdate();
    this._newCatalog = undefined;
    this.#files = [];
  }

  override async createIndex(config?: CreateIndexConfig): Promise<void> {
    this._catalog = undefined;
    await super.createIndex(config);
    await this.loadIndexData();
  }

  /** @throws also `Error saving document catalog: …` */
  override async endUpdate(): Promise<void> {
    await super.endUpdate();
    const catalog = this._newCatalog;
    if (catalog === undefined) return;
    if (!this.savesTogether) await this.#saveCatalog(catalog, 'Error saving document catalog');
    this._catalog = catalog;
    this._newCatalog = undefined;
    this.#files = [];
  }

  protected override async loadIndexData(): Promise<void> {
    await super.loadIndexData();
    const contents = this.contentsRead;
    // A catalog is as old as the index that it was read with.
    if (this._catalog !== undefined && (this.#readWith ?? contents) === contents) {
      this.#readWith = contents;
      return;
    }
    this._catalog = await this.#readCatalog();
    this.#readWith = contents;
  }

  protected override async filesToSave(): Promise<readonly Companion[]> {
    const changed = this._newCatalog;
    if (!this.savesTogether || changed === undefined) return [];
    const base = this._catalog;
    await this.loadIndexData();
    // Another process may have saved documents since the update began.
    if (base !== undefined && this._catalog !== undefined && base !== this._catalog)
      this._newCatalog = merged(base, changed, this._catalog);
    const content = this.codec.serializeCatalog(this._newCatalog ?? changed);
    return [...this.#files, { name: this.#catalogName, content }];
  }

  /** Without these nobody could tell whose chunk an item is. */
  protected override get inlineKeys(): readonly string[] {
    return ['documentId', 'startPos', 'endPos'];
  }

  #model(): EmbeddingsModel {
    if (!this.#embeddings) throw new Error('Embeddings model not configured.');
    return this.#embeddings;
  }

  #chunksOf(uri: string, text: string, docType: string | undefined): TextChunk[] {
    const dot = uri.lastIndexOf('.');
    const type = docType ?? (dot >= 0 ? uri.slice(dot + 1).toLowerCase() : undefined);
    const splitter = new TextSplitter({
      ...(type === undefined ? {} : { docType: type }),
      ...this.#chunking,
    });
    return splitter.split(text);
  }

  async #add(
    uri: string,
    text: string,
    metadata: Record<string, MetadataTypes> | undefined,
    hash: string,
    chunks: readonly TextChunk[],
    vectors: readonly number[][],
  ): Promise<LocalDocument> {
    const before = await this.getDocumentId(uri);
    const documentId = before ?? crypto.randomUUID();
    await this.#begin();
    try {
      if (before !== undefined) {
        this.#isReplacing = true;
        try {
          await this.deleteDocument(uri);
        } finally {
          this.#isReplacing = false;
        }
      }
      for (const [number, { startPos, endPos }] of chunks.entries()) {
        await this.insertItem(
          this.own({
            id: crypto.randomUUID(),
            metadata: { documentId, startPos, endPos, ...metadata },
            vector: vectors[number] as number[],
          }),
        );
      }
      if (metadata !== undefined) {
        const name = `${documentId}${this.codec.extension}`;
        await this.#write(name, this.codec.serializeMetadata(metadata));
      }
      await this.#write(`${documentId}.txt`, text);
      const catalog = this._newCatalog as DocumentCatalog;
      catalog.uriToId[uri] = documentId;
      catalog.idToUri[documentId] = uri;
      catalog.uriToHash = { ...catalog.uriToHash, [uri]: hash };
      catalog.count++;
      await this.endUpdate();
    } catch (cause) {
      this.cancelUpdate();
      throw new Error(`Error adding document "${uri}": ${String(cause)}`, { cause });
    }
    if (before !== undefined && metadata === undefined) await this.#deleteMetadata(documentId);
    return new LocalDocument(this, documentId, uri);
  }

  async #delete(uri: string): Promise<void> {
    const documentId = await this.getDocumentId(uri);
    if (documentId === undefined) return;
    await this.#begin();
    try {
      await this.#takeOut(uri);
      await this.endUpdate();
    } catch (cause) {
      this.cancelUpdate();
      throw new Error(`Error deleting document "${uri}": ${String(cause)}`, { cause });
    }
    try {
      await this.storage.deleteFile(this.#pathOf(`${documentId}.txt`));
    } catch (cause) {
      throw new Error(
        `Error removing text file for document "${uri}" from disk: ${String(cause)}`,
        { cause },
      );
    }
    await this.#deleteMetadata(documentId);
  }

  /** Takes a document out of the open update. */
  async #takeOut(uri: string): Promise<void> {
    const catalog = this._newCatalog as DocumentCatalog;
    const documentId = own(catalog.uriToId, uri);
    if (documentId === undefined) return;
    const chunks = await this.listItemsByMetadata({ documentId });
    await this.deleteItems(this.own(chunks.map(({ id }) => id)));
    delete catalog.uriToId[uri];
    delete catalog.idToUri[documentId];
    delete catalog.uriToHash?.[uri];
    catalog.count--;
  }

  async #begin(): Promise<void> {
    await this.openUpdate(true);
    await this.#openCatalog();
  }

  async #openCatalog(): Promise<void> {
    const catalog = await this.#loadCatalog();
    this.#files = [];
    this._newCatalog = {
      ...catalog,
      uriToId: { ...catalog.uriToId },
      idToUri: { ...catalog.idToUri },
      ...(catalog.uriToHash ? { uriToHash: { ...catalog.uriToHash } } : {}),
    };
  }

  /** Saves a document's file: with the update where that is possible, otherwise before it. */
  async #write(name: string, content: string | Buffer): Promise<void> {
    if (this.savesTogether)
      this.#files.push({
        name,
        content: typeof content === 'string' ? new TextEncoder().encode(content) : content,
      });
    else await this.storage.upsertFile(this.#pathOf(name), content);
  }

  async #deleteMetadata(documentId: string): Promise<void> {
    const path = this.#pathOf(`${documentId}${this.codec.extension}`);
    await this.storage.deleteFile(path).catch(() => undefined);
  }

  async #results(chunks: readonly Chunk[]): Promise<LocalDocumentResult[]> {
    const byDocument = new Map<string, Chunk[]>();
    for (const chunk of chunks) {
      const { documentId } = chunk.item.metadata;
      const known = byDocument.get(documentId);
      if (known) known.push(chunk);
      else byDocument.set(documentId, [chunk]);
    }
    const results: LocalDocumentResult[] = [];
    for (const [id, found] of byDocument) {
      const uri = (await this.getDocumentUri(id)) as string;
      results.push(new LocalDocumentResult(this, id, uri, found, this.#tokenizer));
    }
    return results;
  }

  async #loadCatalog(): Promise<DocumentCatalog> {
    await this.loadIndexData();
    return this._catalog as DocumentCatalog;
  }

  async #readCatalog(): Promise<DocumentCatalog> {
    if (await this.isCatalogCreated())
      return this.codec.deserializeCatalog(
        await this.storage.readFile(this.#pathOf(this.#catalogName)),
      );
    const empty: DocumentCatalog = { version: 1, count: 0, uriToId: {}, idToUri: {} };
    await this.#saveCatalog(empty, 'Error creating document catalog');
    return empty;
  }

  async #saveCatalog(catalog: DocumentCatalog, failure: string): Promise<void> {
    try {
      await this.storage.upsertFile(
        this.#pathOf(this.#catalogName),
        this.codec.serializeCatalog(catalog),
      );
    } catch (cause) {
      throw new Error(`${failure}: ${String(cause)}`, { cause });
    }
  }

  get #catalogName(): string {
    return `catalog${this.codec.extension}`;
  }

  #pathOf(name: string): string {
    return pathUtils.join(this.folderPath, name);
  }
}

/** URIs are keys of plain objects: `constructor` is none unless it was set. */
const own = <T>(map: { [key: string]: T }, key: string): T | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;

/** Vectors for each chunk, asked for in batches of at most as many tokens as the model takes. */
async function embed(model: EmbeddingsModel, chunks: readonly TextChunk[]): Promise<number[][]> {
  const batches: string[][] = [];
  let room = 0;
  for (const { text, tokens } of chunks) {
    if (batches.length === 0 || tokens.length > room) {
      batches.push([]);
      room = model.maxTokens;
    }
    batches.at(-1)?.push(text.replaceAll('\n', ' '));
    room -= tokens.length;
  }
  const vectors: number[][] = [];
  for (const batch of batches)
    vectors.push(...(await vectorsOf(model, batch, 'Error generating embeddings')));
  return vectors;
}

async function vectorsOf(
  model: EmbeddingsModel,
  inputs: string | string[],
  failure: string,
): Promise<number[][]> {
  let response: Awaited<ReturnType<EmbeddingsModel['createEmbeddings']>>;
  try {
    response = await model.createEmbeddings(inputs);
  } catch (cause) {
    throw new Error(`${failure}: ${String(cause)}`, { cause });
  }
  const { status, message, output } = response;
  if (status !== 'success') throw new Error(`${failure}: ${message}`);
  const expected = Array.isArray(inputs) ? inputs.length : 1;
  if (output?.length !== expected)
    throw new Error(`${failure}: expected ${expected} vectors, got ${output?.length ?? 0}`);
  return output;
}

/** `fresh` with what was changed from `base` to `mine`. */
function merged(
  base: DocumentCatalog,
  mine: DocumentCatalog,
  fresh: DocumentCatalog,
): DocumentCatalog {
  const uriToId = mergedMap(base.uriToId, mine.uriToId, fresh.uriToId);
  return {
    ...fresh,
    uriToId,
    idToUri: mergedMap(base.idToUri, mine.idToUri, fresh.idToUri),
    uriToHash: mergedMap(base.uriToHash ?? {}, mine.uriToHash ?? {}, fresh.uriToHash ?? {}),
    count: Object.keys(uriToId).length,
  };
}

type Texts = { [key: string]: string };

function mergedMap(base: Texts, mine: Texts, fresh: Texts): Texts {
  const map = { ...fresh };
  for (const [key, value] of Object.entries(mine)) if (own(base, key) !== value) map[key] = value;
  for (const key of Object.keys(base)) if (!Object.hasOwn(mine, key)) delete map[key];
  return map;
}
