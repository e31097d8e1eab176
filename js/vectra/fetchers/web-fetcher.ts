import { missing, peer } from '../peers.ts';
import type { TextFetcher } from '../types.ts';
import { addTables, type Turndown } from './markdown-tables.ts';

export interface WebFetcherConfig {
  headers?: Record<string, string>;
  /** For `fetch`. */
  requestConfig?: RequestInit;
  /** Makes pages Markdown. @default true */
  htmlToMarkdown: boolean;
  /** Is not looked at, as in Vectra. */
  summarizeHtml: boolean;
}

const contentTypes = new Set([
  'text/html',
  'application/json',
  'application/xml',
  'application/javascript',
  'text/plain',
]);

/** Those of a browser: some sites answer nobody else. */
const browserHeaders = {
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, sdch, br',
  'Accept-Language': 'en-US,en;q=0.8,ms;q=0.6',
  Connection: 'keep-alive',
  Referer: 'https://www.google.com/',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'cross-site',
  'Upgrade-Insecure-Requests': '1',
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/56.0.2924.87 Safari/537.36',
};

/** A word that is longer, at the start of a page, is left out. */
const longestFirstWord = 64;

interface Elements {
  remove(): unknown;
  each(visit: (index: number, element: unknown) => void): unknown;
  attr(name: string): string | undefined;
  attr(name: string, value: string): unknown;
  html(): string | null;
}

interface Cheerio {
  load(html: string, options: { scriptingEnabled: boolean }): (selector: unknown) => Elements;
}

/** Reads a page of the web. Markdown needs the packages `cheerio` and `turndown`. */
export class WebFetcher implements TextFetcher {
  private readonly _config: WebFetcherConfig;

  constructor(config: Partial<WebFetcherConfig> = {}) {
    this._config = { htmlToMarkdown: true, summarizeHtml: false, ...config };
  }

  /** @throws `Site returned an HTTP status of …`, `Site returned an invalid content type of …` */
  async fetch(
    uri: string,
    onDocument: (uri: string, text: string, docType?: string) => Promise<boolean>,
  ): Promise<boolean> {
    const host = new URL(uri).hostname;
    const response = await fetch(uri, {
      ...this._config.requestConfig,
      method: 'GET',
      headers: { ...browserHeaders, ...this._config.headers, Host: host, 'Alt-Used': host },
    });
    if (response.status >= 400)
      throw new Error(`Site returned an HTTP status of ${response.status}`);
    const contentType = response.headers.get('content-type') ?? '';
    const [type = ''] = contentType.split(';');
    if (!contentTypes.has(type))
      throw new Error(`Site returned an invalid content type of ${contentType}`);
    const text = await response.text();
    if (type === 'text/html' && this._config.htmlToMarkdown)
      return await onDocument(uri, this.htmlToMarkdown(text, uri), 'md');
    return await onDocument(uri, text, type === 'text/plain' ? undefined : type.split('/')[1]);
  }

  private htmlToMarkdown(html: string, baseUrl: string): string {
    return markdownOf(html, baseUrl);
  }
}

function markdownOf(html: string, uri: string): string {
  const $ = peer<Cheerio>('cheerio', missing('WebFetcher', 'cheerio')).load(html, {
    scriptingEnabled: true,
  });
  $('script').remove();
  $('a').each((_, element) => {
    const link = $(element);
    const target = link.attr('href');
    if (!target || target.startsWith('http')) return;
    if (URL.canParse(target, uri)) link.attr('href', new URL(target, uri).toString());
  });
  const Service = peer<new (options: { hr: string }) => Turndown>(
    'turndown',
    missing('WebFetcher', 'turndown'),
  );
  const service = new Service({ hr: '\n\n---\n\n' });
  addTables(service);
  const markdown = service.turndown($('body').html() ?? '');
  const end = markdown.search(/[ \n]/);
  return end > longestFirstWord ? markdown.slice(end) : markdown;
}
