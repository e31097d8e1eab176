// What the playground writes: senses that are added, changed and deleted, and the index made anew.
import { expect, test } from 'vitest';
import { eventually, type Playground, playgrounds } from './support/playground.ts';

const { visit } = playgrounds();

async function insert({ page }: Playground, words: string, gloss: string): Promise<void> {
  const form = page.locator('#editor');
  await form.getByLabel(/^Words/).fill(words);
  await form.getByLabel('What it means').fill(gloss);
  await form.getByLabel('Domain').selectOption('noun.food');
  await form.getByRole('button', { name: 'Insert' }).click();
  await page.locator('#editor-note').filter({ hasText: 'Inserted' }).waitFor();
}

const senses = (count: string): RegExp => new RegExp(`^${count} senses`);

test('a sense that is inserted is found, changed, deleted, and brought back', () =>
  visit(async (playground) => {
    const { page } = playground;
    await insert(playground, 'zorblax, short black', 'strong coffee, a hot drink');
    expect(await playground.text('#like-word')).toBe('zorblax');
    expect(await playground.text('#engine')).toMatch(senses('4,021'));
    await playground.search('zorblax');
    expect(await playground.words()).toEqual(['zorblax']);
    await playground.search('strong coffee, a hot drink');
    expect(await playground.words()).toContain('zorblax');

    await playground.search('zorblax');
    await page.getByRole('button', { name: 'Edit zorblax' }).click();
    await page.locator('#editor').getByLabel('What it means').fill('a small grey bird');
    await page.getByRole('button', { name: 'Replace' }).click();
    await page.locator('#editor-note').filter({ hasText: 'Replaced zorblax' }).waitFor();
    await playground.search('zorblax');
    expect(await playground.page.locator('#results .gloss').allTextContents()).toEqual([
      'a small grey bird',
    ]);
    expect(await playground.text('#engine')).toMatch(senses('4,021'));

    await page.getByRole('button', { name: 'Delete zorblax' }).click();
    await eventually(() => playground.words()).toEqual([]);
    expect(await playground.text('#toast-text')).toBe('Deleted zorblax.');
    await page.getByRole('button', { name: 'Undo' }).click();
    await eventually(() => playground.words()).toEqual(['zorblax']);
    expect(playground.complaints).toEqual([]);
  }));

test('the key deletes what has the focus', () =>
  visit(async (playground) => {
    await playground.search('storm');
    const [first, second] = await playground.words();
    await playground.page.keyboard.press('ArrowDown');
    await playground.page.keyboard.press('Delete');
    await playground.showsWords((words) => words[0] === second);
    expect(await playground.text('#toast-text')).toBe(`Deleted ${first}.`);
    await eventually(() => playground.text('#engine')).toMatch(senses('4,019'));
  }));

test('markup in a sense is text', () =>
  visit(async (playground) => {
    const markup = '<img src=x onerror=alert(1)>';
    await insert(playground, `zorblax ${markup}`, markup);
    await playground.search('zorblax img onerror');
    expect(await playground.words()).toEqual([`zorblax ${markup}`]);
    expect(await playground.page.locator('#results img').count()).toBe(0);
  }));

test('the index is built in another way, with the same items', () =>
  visit(async (playground) => {
    const { page } = playground;
    await insert(playground, 'zorblax', 'strong coffee, a hot drink');
    await playground.search('bird of prey');
    const before = await playground.words();
    const settings = page.locator('#settings');
    await settings.getByLabel('Metric').selectOption('l2');
    await settings.getByLabel('Quantisation').selectOption('none');
    await settings.getByRole('slider').fill('32');
    await settings.getByRole('button', { name: 'Rebuild' }).click();
    await page
      .locator('#settings-note')
      .filter({ hasText: /^Rebuilt in/ })
      .waitFor();
    expect(await playground.metric('Metric, M')).toBe('l2, 32');
    expect(await playground.metric('Codes')).toMatch(/^none/);
    // Of vectors of length 1 every metric has the same order; scores are negated distances now.
    await eventually(() => playground.words()).toEqual(before);
    expect(await page.locator('#results .score').first().textContent()).toMatch(/^-0\.\d{3}$/);
    await playground.search('zorblax');
    expect(await playground.words()).toEqual(['zorblax']);

    await page.getByRole('button', { name: 'Back to the demo set' }).click();
    await page
      .locator('#settings-note')
      .filter({ hasText: /^The demo set is back/ })
      .waitFor();
    expect(await playground.metric('Metric, M')).toBe('cosine, 16');
    expect(await playground.text('#engine')).toMatch(senses('4,020'));
    expect(await page.inputValue('#settings [name=metric]')).toBe('cosine');
    expect(playground.complaints).toEqual([]);
  }));
