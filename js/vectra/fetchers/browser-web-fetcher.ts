import type { TextFetcher } from '../types.ts';
import { markdownOf } from './page-markdown.ts';

export interface BrowserWebFetcherConfig {
  /** Makes pages Markdown. @default true */
  htmlToMarkdown?: boolean;
  headers?: Record<string, string>;
  /** @default 'cors' */
  mode?: RequestMode;
  /** @default 'same-origin' */
  credentials?: RequestCredentials;
}

/** What comes, by its type, and the document type that it becomes. */
const documentTypes = new Map([
  ['text/html', 'html'],
  ['text/plain', undefined],
  ['text/markdown', 'md'],
  ['text/xml', 'xml'],
  ['application/json', 'json'],
  ['application/xml', 'xml'],
  ['application/javascript', 'js'],
]);

/** Reads a page of the web in a browser. */
export class BrowserWebFetcher implements TextFetcher {
  readonly #config: BrowserWebFetcherConfig;

  constructor(config: BrowserWebFetcherConfig = {}) {
    this.#config = { htmlToMarkdown: true, mode: 'cors', credentials: 'same-origin', ...config };
  }

  /** @throws `HTTP …`, `Unsupported content type: …` */
  async fetch(
    uri: string,
    onDocument: (uri: string, text: string, docType?: string) => Promise<boolean>,
  ): Promise<boolean> {
    const { htmlToMarkdown, ...init } = this.#config;
    const response = await fetch(uri, { method: 'GET', ...init });
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${response.statusText}`);
    const contentType = response.headers.get('content-type') ?? 'text/plain';
    const type = (contentType.split(';')[0] as string).trim().toLowerCase();
    if (!documentTypes.has(type)) throw new Error(`Unsupported content type: ${contentType}`);
    const text = await response.text();
    return type === 'text/html' && htmlToMarkdown
      ? await onDocument(uri, markdownOf(text, uri), 'md')
      : await onDocument(uri, text, documentTypes.get(type));
  }
}
