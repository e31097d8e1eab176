// The playground as a page: what it may load, without a network, in its colours, for everybody, on small screens.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { eventually, type Playground, playgrounds } from './support/playground.ts';
import { servePlayground } from './support/server.ts';

const pages = playgrounds();
const { visit } = pages;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Notes what the policy refused, from the first moment on. */
const watchPolicy = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(globalThis, { refused });
    document.addEventListener('securitypolicyviolation', (event) =>
      refused.push(`${event.effectiveDirective} ${event.blockedURI}`),
    );
  });
};
const refusedOn = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as { refused: string[] }).refused);

test('nothing leaves the origin, and nothing is refused or complained about', () =>
  visit(
    async (playground) => {
      await playground.search('bird of prey');
      await playground.page.locator('#results .sense').first().click();
      await playground.page.evaluate(() => navigator.serviceWorker.ready);
      expect(playground.requests.length).toBeGreaterThan(5);
      const elsewhere = playground.requests.filter((url) => !url.startsWith(pages.url));
      expect(elsewhere).toEqual([]);
      expect(await refusedOn(playground.page)).toEqual([]);
      expect(playground.complaints).toEqual([]);
    },
    { before: watchPolicy },
  ));

test('the policy refuses what a page need not do', () =>
  visit(
    async ({ page }) => {
      const done = await page.evaluate(async () => {
        const script = document.createElement('script');
        script.textContent = 'globalThis.inline = true';
        document.body.append(script);
        const attempts = {
          inline: Reflect.has(globalThis, 'inline'),
          evaluated: true,
          fetched: true,
        };
        // What is evaluated by the test itself may do more than the page: this runs later, and as the page.
        attempts.evaluated = await new Promise((resolve) =>
          setTimeout(() => {
            try {
              resolve(new Function('return true')());
            } catch {
              resolve(false);
            }
          }),
        );
        attempts.fetched = await fetch('http://127.0.0.1:9/').then(
          () => true,
          () => false,
        );
        return attempts;
      });
      expect(done).toEqual({ inline: false, evaluated: false, fetched: false });
      await eventually(() => refusedOn(page)).toEqual([
        'script-src-elem inline',
        'script-src eval',
        'connect-src http://127.0.0.1:9/',
      ]);
    },
    { before: watchPolicy },
  ));

describe.each([
  [
    'isolated',
    { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
  ],
  ['not isolated', {}],
])('%s', (name, headers) => {
  test('the page works', async () => {
    const server = await servePlayground(headers);
    try {
      await visit(
        async (playground) => {
          expect(await playground.page.evaluate(() => crossOriginIsolated)).toBe(
            name === 'isolated',
          );
          await playground.search('hot drink');
          expect(await playground.words()).toContain('beverage');
          expect(playground.complaints).toEqual([]);
        },
        { from: server },
      );
    } finally {
      await server.close();
    }
  });
});

test('without a network, and without its server, the page opens again and searches', async () => {
  const server = await servePlayground();
  try {
    await visit(
      async (playground) => {
        await playground.page.evaluate(() => navigator.serviceWorker.ready);
        await server.close();
        await playground.page.context().setOffline(true);
        await playground.page.reload();
        await playground.ready();
        await playground.search('thunderstorm');
        expect(await playground.words()).toContain('thunderstorm');
      },
      { from: server },
    );
  } finally {
    await server.close();
  }
});

test('when the engine cannot be loaded, the page says so, and tries again when asked to', () =>
  visit(
    async (playground) => {
      const alert = playground.page.getByRole('alert');
      expect(await alert.textContent()).toMatch(/No engine could be loaded/);
      await playground.page.unroute('**/*.wasm');
      await playground.page.getByRole('button', { name: 'Try again' }).click();
      await playground.ready();
      await playground.search('storm');
      expect(await playground.words()).toContain('thunderstorm');
    },
    {
      serviceWorkers: 'block',
      before: (page) => page.route('**/*.wasm', (route) => route.abort()).then(() => undefined),
    },
  ));

test('colours follow the system until the button is pressed, and then the button', () =>
  visit(
    async ({ page }) => {
      const brightness = (): Promise<number> =>
        page.evaluate(() => {
          const [red = 0] =
            getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g) ?? [];
          return Number(red);
        });
      expect(await brightness()).toBeLessThan(60);
      const button = page.getByRole('button', { name: 'Dark colours' });
      expect(await button.getAttribute('aria-pressed')).toBe('true');
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await brightness()).toBeGreaterThan(200);
      await button.click();
      expect(await brightness()).toBeLessThan(60);
      await page.reload();
      expect(await brightness()).toBeLessThan(60);
      expect(await button.getAttribute('aria-pressed')).toBe('true');
    },
    { colorScheme: 'dark' },
  ));

test.each([
  ['wide', 1440, 900],
  ['narrow', 360, 740],
])('%s: axe has nothing to say, and nothing sticks out', (_, width, height) =>
  visit(
    async (playground) => {
      const { page } = playground;
      expect(await faults(playground)).toEqual([]);
      await playground.search('bird of prey');
      await playground.chip('Animals').click();
      await page.locator('#results .sense').nth(2).click();
      await page.locator('#like').waitFor();
      await page.click('.options summary');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await faults(playground)).toEqual([]);
      }
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overhang).toBe(0);
    },
    // So that no colour is looked at half way.
    { viewport: { width, height }, reducedMotion: 'reduce' },
  ),
);

async function faults({ page }: Playground): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

test.runIf(process.env['QUIVER_SCREENSHOTS'])('screenshots', async () => {
  const folder = join(import.meta.dirname, '../../build/screenshots');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [name, width, height] of [
      ['wide', 1440, 900],
      ['narrow', 360, 740],
    ] as const) {
      await visit(
        async (playground) => {
          await playground.search('bird of prey');
          const path = join(folder, `playground-${name}-${colorScheme}.png`);
          await playground.page.screenshot({ path, fullPage: true });
        },
        { colorScheme, viewport: { width, height } },
      );
    }
  }
});
