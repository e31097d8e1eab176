import { type DocumentHome, LocalDocument } from './local-document.ts';
import { type Chunk, connector, isKeywordChunk, Sections } from './sections.ts';
import type { DocumentTextSection, Tokenizer } from './types.ts';

/** A document and those of its chunks that a query found. */
export class LocalDocumentResult extends LocalDocument {
  static readonly CONNECTOR = connector;

  readonly #chunks: Chunk[];
  readonly #tokenizer: Tokenizer;
  readonly #score: number;

  constructor(index: DocumentHome, id: string, uri: string, chunks: Chunk[], tokenizer: Tokenizer) {
    super(index, id, uri);
    this.#chunks = chunks;
    this.#tokenizer = tokenizer;
    const sum = chunks.reduce((total, { score }) => total + score, 0);
    this.#score = chunks.length > 0 ? sum / chunks.length : 0;
  }

  get chunks(): Chunk[] {
    return this.#chunks;
  }

  /** The mean of the chunks' scores. */
  get score(): number {
    return this.#score;
  }

  /**
   * All chunks in the document's order, in sections of up to `maxTokens` tokens. A section's score is the mean of those of
   * its chunks.
   */
  async renderAllSections(maxTokens: number): Promise<DocumentTextSection[]> {
    return new Sections(await this.loadText(), this.#tokenizer).all(this.#chunks, maxTokens);
  }

  /**
   * The document, when it has no more than `maxTokens` tokens; else up to `maxSections` sections around what vectors found,
   * and as many around what keywords found.
   *
   * @param overlappingChunks joins chunks that are apart by {@link CONNECTOR} and fills what is left with the text around
   */
  async renderSections(
    maxTokens: number,
    maxSections: number,
    overlappingChunks = true,
  ): Promise<DocumentTextSection[]> {
    const tokenCount = await this.getLength();
    const text = await this.loadText();
    if (tokenCount <= maxTokens) return [{ text, tokenCount, score: 1, isBm25: false }];
    return [false, true].flatMap((isBm25) =>
      this.buildSectionsFor(
        text,
        this.#chunks.filter((chunk) => this.isBm25Chunk(chunk) === isBm25),
        isBm25,
        maxTokens,
        maxSections,
        overlappingChunks,
      ).slice(0, maxSections),
    );
  }

  protected isBm25Chunk(chunk: Chunk): boolean {
    return isKeywordChunk(chunk);
  }

  protected buildFallbackTopChunkSection(
    docText: string,
    chunks: Chunk[],
    isBm25: boolean,
    maxTokens: number,
  ): DocumentTextSection[] {
    return new Sections(docText, this.#tokenizer).top(chunks, { isBm25, maxTokens });
  }

  protected buildSectionsFor(
    docText: string,
    chunks: Chunk[],
    isBm25: boolean,
    maxTokens: number,
    maxSections: number,
    overlappingChunks: boolean,
  ): DocumentTextSection[] {
    return new Sections(docText, this.#tokenizer).around(chunks, {
      isBm25,
      maxTokens,
      maxSections,
      overlappingChunks,
    });
  }
}
