// What the playground keeps: after a reload, in two tabs, and when a tab is killed while it writes.
import type { BrowserContext, Page } from 'playwright';
import { expect, test } from 'vitest';
import { eventually, Playground, playgrounds } from './support/playground.ts';

const pages = playgrounds();
const { visit } = pages;

const insertForm = { words: '#editor [name=words]', gloss: '#editor [name=gloss]' };

async function insert({ page }: Playground, word: string): Promise<void> {
  await page.fill(insertForm.words, word);
  await page.fill(insertForm.gloss, 'strong coffee, a hot drink');
  await page.click('#editor [type=submit]');
  await page
    .locator('#editor-note')
    .filter({ hasText: `Inserted ${word}.` })
    .waitFor();
}

async function anotherTab(context: BrowserContext): Promise<Playground> {
  const tab = new Playground(await context.newPage());
  await tab.page.goto(pages.url);
  await tab.ready();
  return tab;
}

const finds = async (playground: Playground, word: string): Promise<void> => {
  await playground.search(word);
  expect((await playground.words())[0]).toBe(word);
};

/** Ends the page's process as the system would. */
async function kill(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  // No answer comes from a process that is gone.
  session.send('Page.crash').catch(() => undefined);
  await crashed;
  await page.close();
}

/** Different for each number, and in no vocabulary. */
const wordOf = (i: number): string =>
  `zorblax${String.fromCharCode(97 + Math.floor(i / 26), 97 + (i % 26))}q`;

test('what was added, deleted and built is there after a reload', () =>
  visit(async (playground) => {
    const { page } = playground;
    await insert(playground, 'zorblax');
    await playground.search('thunderstorm');
    await page.getByRole('button', { name: 'Delete thunderstorm' }).click();
    await playground.showsWords((words) => !words.includes('thunderstorm'));
    await page.locator('#settings [name=metric]').selectOption('ip');
    await page.getByRole('button', { name: 'Rebuild' }).click();
    await page
      .locator('#settings-note')
      .filter({ hasText: /^Rebuilt in/ })
      .waitFor();
    await page.reload();
    await playground.ready();
    expect(await playground.metric('Metric, M')).toBe('ip, 16');
    expect(await playground.text('#engine')).toMatch(/^4,020 senses/);
    await finds(playground, 'zorblax');
    await playground.search('thunderstorm');
    expect(await playground.words()).not.toContain('thunderstorm');
    expect(playground.complaints).toEqual([]);
  }));

test('two tabs see what each other writes, and one goes on when the other is closed', () =>
  visit(async (first) => {
    const second = await anotherTab(first.page.context());
    await insert(first, wordOf(0));
    await finds(second, wordOf(0));
    await insert(second, wordOf(1));
    await finds(first, wordOf(1));
    for (const tab of [first, second])
      await eventually(() => tab.text('#engine')).toMatch(/^4,022 senses/);
    await first.page.close();
    await finds(second, wordOf(1));
    await insert(second, wordOf(2));
    await finds(second, wordOf(2));
  }));

test('when one tab makes the index anew, the other makes way and follows', () =>
  visit(async (first) => {
    const second = await anotherTab(first.page.context());
    await insert(first, 'zorblax');
    await second.page.locator('#settings [name=metric]').selectOption('l2');
    await second.page.getByRole('button', { name: 'Rebuild' }).click();
    await second.page
      .locator('#settings-note')
      .filter({ hasText: /^Rebuilt in/ })
      .waitFor();
    await eventually(() => first.metric('Metric, M')).toBe('l2, 16');
    await first.ready();
    for (const tab of [first, second]) await finds(tab, 'zorblax');
  }));

test('what a killed tab was told to have been written is there, and no more than one sense beside it', () =>
  visit(async (first) => {
    const context = first.page.context();
    const second = await anotherTab(context);
    let written = 0;
    await second.page.exposeFunction('told', (count: number) => {
      written = count;
    });
    // Not by Playwright, whose way is too long for a tab to be killed in the middle of a write.
    await second.page.evaluate(
      (names) => {
        const field = (name: string): HTMLInputElement =>
          document.querySelector(`#editor [name=${name}]`) as HTMLInputElement;
        const note = document.querySelector('#editor-note') as HTMLElement;
        let next = 0;
        const submit = (): void => {
          field('words').value = names[next] as string;
          field('gloss').value = 'strong coffee, a hot drink';
          (document.querySelector('#editor') as HTMLFormElement).requestSubmit();
        };
        new MutationObserver(() => {
          if (note.textContent !== `Inserted ${names[next]}.`) return;
          (globalThis as unknown as { told(count: number): void }).told(++next);
          if (next < names.length) submit();
        }).observe(note, { childList: true });
        submit();
      },
      Array.from({ length: 600 }, (_, i) => wordOf(i)),
    );
    await eventually(() => written).toBeGreaterThan(5);
    await kill(second.page);
    const third = await anotherTab(context);
    for (const tab of [first, third]) {
      for (const i of [0, written - 1]) await finds(tab, wordOf(i));
      await eventually(async () => {
        const count = Number((await tab.text('#engine'))?.match(/^[\d,]+/)?.[0].replace(',', ''));
        return count - 4020 - written;
      }).toBeOneOf([0, 1]);
    }
  }));

test('a tab that is killed while it builds the index anew loses nothing', () =>
  visit(async (first) => {
    const { page } = first;
    const context = page.context();
    await insert(first, 'zorblax');
    // Watched from within: it is over before anybody outside sees it.
    const inserting = page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const step = document.querySelector('#working-text') as HTMLElement;
          new MutationObserver(() => {
            if (step.textContent?.startsWith('Inserting')) resolve();
          }).observe(step, { childList: true });
        }),
    );
    await page.getByRole('button', { name: 'Rebuild' }).click();
    await inserting;
    await kill(page);
    const next = await anotherTab(context);
    await eventually(() => next.text('#engine')).toMatch(/^4,021 senses/);
    await finds(next, 'zorblax');
  }));
