// quiverdb/vectra for browsers.

export * from './exports.ts';
export { BrowserWebFetcher, type BrowserWebFetcherConfig } from './fetchers/browser-web-fetcher.ts';
export { IndexedDBStorage } from './storage/indexeddb-storage.ts';
