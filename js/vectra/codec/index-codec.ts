import type { IndexData, MetadataTypes } from '../types.ts';

/** Which documents there are. */
export interface DocumentCatalog {
  version: number;
  count: number;
  uriToId: { [uri: string]: string };
  idToUri: { [id: string]: string };
  /** What each document was made from, as SHA-256: tells that an upsert changes nothing. */
  uriToHash?: { [uri: string]: string };
}

/** How files say what an index has. */
export interface IndexCodec {
  /** The end of the names of its files, such as `.json`. */
  readonly extension: string;
  serializeIndex(data: IndexData): Buffer;
  deserializeIndex(buffer: Buffer): IndexData;
  serializeCatalog(catalog: DocumentCatalog): Buffer;
  deserializeCatalog(buffer: Buffer): DocumentCatalog;
  serializeMetadata(metadata: Record<string, MetadataTypes>): Buffer;
  deserializeMetadata(buffer: Buffer): Record<string, MetadataTypes>;
}
