// The shapes of Vectra 0.15, name for name.

export type MetadataTypes = number | string | boolean;

export interface IndexItem<TMetadata = Record<string, MetadataTypes>> {
  id: string;
  metadata: TMetadata;
  vector: number[];
  /** The vector's Euclidean length. */
  norm: number;
  /** The file beside the index that has all metadata, where the index has the indexed ones only. */
  metadataFile?: string;
}

export interface QueryResult<TMetadata = Record<string, MetadataTypes>> {
  item: IndexItem<TMetadata>;
  /** The cosine, NaN where a vector has no length; BM25's own number for items that it found. */
  score: number;
}

export interface IndexStats {
  version: number;
  metadata_config: { indexed?: string[] };
  items: number;
}

export interface IndexData {
  version: number;
  metadata_config: { indexed?: string[] };
  items: IndexItem[];
}

export interface CreateIndexConfig {
  version: number;
  deleteIfExists?: boolean;
  /** `indexed`: the metadata that filters see; when an item has more, all of it goes to a file of its own. */
  metadata_config?: { indexed?: string[] };
}

/** How it is understood, quirks included, says {@link ItemSelector.select}. */
export interface MetadataFilter {
  $eq?: number | string | boolean;
  $ne?: number | string | boolean;
  $gt?: number;
  $gte?: number;
  $lt?: number;
  $lte?: number;
  $in?: (number | string)[];
  $nin?: (number | string)[];
  $and?: MetadataFilter[];
  $or?: MetadataFilter[];
  [key: string]: unknown;
}

export type EmbeddingsResponseStatus = 'success' | 'error' | 'rate_limited' | 'cancelled';

export interface EmbeddingsResponse {
  status: EmbeddingsResponseStatus;
  /** One vector for each input, when the status is `success`. */
  output?: number[][];
  /** Why there is none, otherwise. */
  message?: string;
  model?: string;
  usage?: Record<string, unknown>;
}

export interface EmbeddingsModel {
  /** How many tokens one call of {@link createEmbeddings} may have. */
  readonly maxTokens: number;
  createEmbeddings(inputs: string | string[]): Promise<EmbeddingsResponse>;
}

export interface Tokenizer {
  decode(tokens: number[]): string;
  encode(text: string): number[];
}

export interface TextChunk {
  text: string;
  tokens: number[];
  /** The first character's position in the text. */
  startPos: number;
  /** The last character's position: the chunk has it. */
  endPos: number;
  /** The last tokens of the chunk before. */
  startOverlap: number[];
  /** The first tokens of the chunk after. */
  endOverlap: number[];
}

export interface TextFetcher {
  fetch(
    uri: string,
    onDocument: (uri: string, text: string, docType?: string) => Promise<boolean>,
  ): Promise<boolean>;
}

export interface DocumentChunkMetadata {
  documentId: string;
  startPos: number;
  endPos: number;
  [key: string]: MetadataTypes;
}

export interface DocumentCatalogStats {
  version: number;
  documents: number;
  chunks: number;
  metadata_config: { indexed?: string[] };
}

export interface DocumentTextSection {
  text: string;
  tokenCount: number;
  score: number;
  isBm25: boolean;
}
