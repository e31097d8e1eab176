// quiverdb/vectra for Node.

export {
  detectCodec,
  type FormatName,
  type MigrateOptions,
  migrateIndex,
} from './codec/migrate-index.ts';
export { ProtobufCodec } from './codec/protobuf-codec.ts';
export { LocalEmbeddings, type LocalEmbeddingsOptions } from './embeddings/local-embeddings.ts';
export * from './exports.ts';
export { FileFetcher } from './fetchers/file-fetcher.ts';
export { WebFetcher, type WebFetcherConfig } from './fetchers/web-fetcher.ts';
export {
  FolderWatcher,
  type FolderWatcherConfig,
  type FolderWatcherEvents,
} from './folder-watcher.ts';
export { LocalFileStorage } from './storage/local-file-storage.ts';
