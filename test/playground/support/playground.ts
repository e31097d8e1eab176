import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, expect } from 'vitest';
import { chromiumArguments, chromiumPath } from '../../../scripts/lib/chromium.mjs';
import { type StaticServer, servePlayground } from './server.ts';

const patience = 60_000;

/** As `expect.poll`, for as long as Playwright waits too. */
export const eventually = <T>(value: () => T | Promise<T>) =>
  expect.poll(value, { timeout: patience, interval: 20 });

/** A page of the playground, and what a person does with it. */
export class Playground {
  readonly page: Page;
  /** Everything that a person should never see: errors, warnings, breaches of the page's policy. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.context().on('request', (request) => this.requests.push(request.url()));
  }

  /** Waits until the index is there, and the results of what was asked last. */
  async ready(): Promise<void> {
    await this.page.locator('#results[aria-busy=false]').waitFor({ state: 'attached' });
  }

  async search(text: string): Promise<void> {
    await this.page.fill('#query', text);
    await this.ready();
  }

  words(): Promise<string[]> {
    return this.page.locator('#results .word').allTextContents();
  }

  domains(): Promise<string[]> {
    return this.page.locator('#results .domain').allTextContents();
  }

  /** Takes back what was asked, how, and where the map was. */
  async startOver(): Promise<void> {
    const { page } = this;
    for (const chip of await page.locator('.filters [aria-pressed=true]').all()) await chip.click();
    await page.locator('#options').evaluate((form: HTMLFormElement) => {
      form.reset();
      form.dispatchEvent(new Event('input'));
    });
    await page.getByRole('button', { name: 'Show all' }).click();
    await this.search('');
  }

  chip(name: string) {
    return this.page.locator('.filters').getByRole('button', { name, exact: true });
  }

  text(selector: string): Promise<string | null> {
    return this.page.textContent(selector);
  }

  /** What an index says of itself, by the name of the row. */
  async metric(name: string): Promise<string | null> {
    const row = this.page.locator('#metrics div').filter({ hasText: name });
    return row.locator('dd').textContent();
  }

  /** Waits until the list is what is expected. */
  async showsWords(check: (words: string[]) => boolean): Promise<void> {
    await eventually(async () => check(await this.words())).toBe(true);
  }

  /** How much is drawn on the upper canvas of the map. */
  litPixels(): Promise<number> {
    return this.page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.map-lit');
      const copy = document.createElement('canvas');
      const context = copy.getContext('2d', { willReadFrequently: true });
      if (!canvas || !context) return -1;
      [copy.width, copy.height] = [canvas.width, canvas.height];
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length;
    });
  }
}

export interface Visit extends BrowserContextOptions {
  /** Another server than the file's own. */
  readonly from?: StaticServer;
  /** Called before the page is opened. */
  readonly before?: (page: Page) => Promise<void>;
}

/** For the tests of one file: a browser, a server, and pages that are closed after each use. */
export function playgrounds() {
  let browser: Browser;
  let server: StaticServer;
  let shared: Playground | undefined;
  beforeAll(async () => {
    server = await servePlayground();
    const executablePath = chromiumPath();
    browser = await chromium.launch({
      args: chromiumArguments,
      ...(executablePath === undefined ? {} : { executablePath }),
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  return {
    get url(): string {
      return server.url;
    },
    /** A page that tests share that change nothing in its index, as it is when nothing was asked yet. */
    async share(act: (playground: Playground) => Promise<void>): Promise<void> {
      if (shared === undefined) {
        shared = new Playground(await browser.newPage());
        shared.page.setDefaultTimeout(patience);
        await shared.page.goto(server.url);
        await shared.ready();
      }
      await shared.startOver();
      await act(shared);
      expect(shared.complaints).toEqual([]);
    },
    /** Opens the page as somebody who was never here, does `act`, and closes it. */
    async visit(act: (playground: Playground) => Promise<void>, visit: Visit = {}): Promise<void> {
      const { from = server, before, ...options } = visit;
      const context = await browser.newContext(options);
      try {
        const page = await context.newPage();
        page.setDefaultTimeout(patience);
        const playground = new Playground(page);
        await before?.(page);
        await page.goto(from.url);
        await playground.ready();
        await act(playground);
      } finally {
        await context.close();
      }
    },
  };
}
