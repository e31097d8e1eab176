// What both entry points offer.

export type { DocumentCatalog, IndexCodec } from './codec/index-codec.ts';
export { JsonCodec } from './codec/json-codec.ts';
export {
  type AzureOpenAIEmbeddingsOptions,
  type BaseOpenAIEmbeddingsOptions,
  OpenAIEmbeddings,
  type OpenAIEmbeddingsOptions,
  type OSSEmbeddingsOptions,
} from './embeddings/openai-embeddings.ts';
export {
  TransformersEmbeddings,
  type TransformersEmbeddingsOptions,
} from './embeddings/transformers-embeddings.ts';
export { GPT3Tokenizer } from './gpt3-tokenizer.ts';
export { ItemSelector } from './item-selector.ts';
export { LocalDocument } from './local-document.ts';
export {
  type DocumentQueryOptions,
  LocalDocumentIndex,
  type LocalDocumentIndexConfig,
} from './local-document-index.ts';
export { LocalDocumentResult } from './local-document-result.ts';
export { LocalIndex, type LocalIndexOptions } from './local-index.ts';
export { pathUtils } from './path-utils.ts';
export type { FileDetails, FileStorage, ListFilesFilter } from './storage/file-storage.ts';
export { FileStorageUtilities } from './storage/file-storage-utilities.ts';
export * from './storage/file-type.ts';
export { VirtualFileStorage } from './storage/virtual-file-storage.ts';
export { TextSplitter, type TextSplitterConfig } from './text-splitter.ts';
export { TransformersTokenizer } from './transformers-tokenizer.ts';
export type * from './types.ts';
