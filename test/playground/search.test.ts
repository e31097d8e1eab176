// Searching in the playground: typing, filters, keys, the map, and what the page says of it.
import { expect, test } from 'vitest';
import { eventually, playgrounds } from './support/playground.ts';

const { share } = playgrounds();

test('a text finds senses by meaning, best first', () =>
  share(async (playground) => {
    await playground.search('bird of prey');
    expect(await playground.words()).toHaveLength(12);
    expect(await playground.words()).toContain('owl');
    expect(new Set(await playground.domains())).toContain('noun.animal');
    const scores = (await playground.page.locator('#results .score').allTextContents()).map(Number);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(await playground.text('#summary')).toMatch(/^12 results in [\d.]+ ms$/);
    await eventually(() => playground.text('#announcer')).toMatch(/^12 results in/);
    await eventually(() => playground.text('#explanation')).toMatch(/12 results of 4,020 items/);
  }));

test('what is typed is searched for letter by letter, and the last letter counts', () =>
  share(async (playground) => {
    await playground.page.locator('#query').pressSequentially('thunderst');
    expect(await playground.text('#query-note')).toBe('Searching for: thunderstorm');
    await playground.showsWords((words) => words.includes('thunderstorm'));
    await playground.page.fill('#query', '');
    await playground.page.locator('#blank').waitFor();
    expect(await playground.words()).toEqual([]);
    expect(await playground.text('#summary')).toBe('');
  }));

test('a word that nobody knows finds nothing, and the page says why', () =>
  share(async (playground) => {
    await playground.search('zorblaxian');
    expect(await playground.words()).toEqual([]);
    expect(await playground.text('#query-note')).toMatch(/Not in the vocabulary.*zorblaxian/);
    expect(await playground.text('#blank-text')).toMatch(/^Nothing is near enough/);
    await playground.page.getByRole('button', { name: 'fear' }).click();
    await playground.showsWords((words) => words.includes('terror'));
    expect(await playground.page.inputValue('#query')).toBe('fear');
  }));

test('chips are filters', () =>
  share(async (playground) => {
    await playground.search('light');
    const before = await playground.words();
    await playground.chip('Plants').click();
    await eventually(async () => new Set(await playground.domains())).toEqual(
      new Set(['noun.plant']),
    );
    await playground.chip('Food').click();
    await eventually(async () => [...new Set(await playground.domains())].sort()).toEqual([
      'noun.food',
      'noun.plant',
      'verb.consumption',
    ]);
    await playground.chip('Verbs').click();
    await eventually(async () => new Set(await playground.domains())).toEqual(
      new Set(['verb.consumption']),
    );
    for (const name of ['Plants', 'Food', 'Verbs']) await playground.chip(name).click();
    await eventually(() => playground.words()).toEqual(before);
  }));

test('sliders decide how many there are, and how near', () =>
  share(async (playground) => {
    await playground.search('storm');
    await playground.page.click('.options summary');
    await playground.page.getByRole('slider', { name: 'Results' }).fill('3');
    await eventually(() => playground.words()).toHaveLength(3);
    const best = await playground.words();
    await playground.page.getByLabel(/Exact/).check();
    await eventually(() => playground.text('#explanation')).toMatch(/exact was asked for|all rows/);
    expect(await playground.words()).toEqual(best);
    await playground.page.getByRole('slider', { name: 'Least similarity' }).fill('0.95');
    await eventually(() => playground.words()).toEqual([]);
    expect(await playground.text('#blank-text')).toMatch(/Lower the least similarity/);
  }));

test('everything can be done by keys', () =>
  share(async (playground) => {
    const { page } = playground;
    const focusedWord = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.activeElement?.querySelector('.word')?.textContent);
    await page.keyboard.press('/');
    await page.keyboard.type('bread');
    await page.locator('#results li').first().waitFor();
    const words = await page.locator('#results .word').allTextContents();
    await page.keyboard.press('ArrowDown');
    expect(await focusedWord()).toBe(words[0]);
    await page.keyboard.press('ArrowDown');
    expect(await focusedWord()).toBe(words[1]);
    await page.keyboard.press('End');
    expect(await focusedWord()).toBe(words.at(-1));
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.locator('#like').waitFor();
    expect(await page.textContent('#like-word')).toBe(words[0]);
    // Still in the list, which is another one now.
    await eventually(focusedWord).toBe(await page.textContent('#results .word'));
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('query');
    await page.keyboard.press('Escape');
    await page.locator('#like').waitFor({ state: 'hidden' });
    await eventually(() => page.locator('#results .word').allTextContents()).toEqual(words);
  }));

test('an item leads to its neighbours and not to itself', () =>
  share(async (playground) => {
    await playground.search('fear');
    const picked = playground.page.locator('#results .sense').first();
    const gloss = await picked.locator('.gloss').textContent();
    const word = await picked.locator('.word').textContent();
    await picked.click();
    await playground.page.locator('#like').waitFor();
    expect(await playground.text('#query-note')).toBe(`Near to ${word}: ${gloss}`);
    expect(await playground.words()).toHaveLength(12);
    expect(await playground.page.locator('#results .gloss').allTextContents()).not.toContain(gloss);
    await playground.page.getByRole('button', { name: 'Back to what was typed' }).click();
    await playground.showsWords((words) => words[0] === word);
  }));

test('the map lights what is found, and a point on it is searched around', () =>
  share(async (playground) => {
    await eventually(() => playground.litPixels()).toBe(0);
    await playground.search('hot drink');
    await eventually(() => playground.litPixels()).toBeGreaterThan(500);
    await playground.page.fill('#query', '');
    await eventually(() => playground.litPixels()).toBe(0);
    // Somewhere among the animals is one.
    const map = playground.page.locator('#map');
    const box = (await map.boundingBox()) as { x: number; y: number; width: number };
    for (let step = 0; step < 40; step++) {
      await playground.page.mouse.move(box.x + box.width * 0.74 + step * 2, box.y + 180);
      if (await playground.page.locator('#tooltip').isVisible()) break;
    }
    const word = await playground.text('#tooltip .word');
    await playground.page.mouse.down();
    await playground.page.mouse.up();
    await playground.page.locator('#like').waitFor();
    expect(await playground.text('#like-word')).toBe(word);
    await map.focus();
    await eventually(() => playground.litPixels()).toBeGreaterThan(500);
    const before = await playground.litPixels();
    for (const key of ['+', '+', 'ArrowLeft', 'ArrowUp', '-', '0']) await map.press(key);
    await eventually(() => playground.litPixels()).toBe(before);
    await playground.page.getByRole('button', { name: 'Zoom to the results' }).click();
    await eventually(() => playground.litPixels()).not.toBe(before);
  }));

test('every query is in the histogram', () =>
  share(async (playground) => {
    const queries = async (): Promise<number> =>
      Number(
        (await playground.text('#histogram-text'))
          ?.match(/^([\d,]+) queries/)?.[1]
          ?.replace(',', ''),
      );
    for (const word of ['storm', 'fear']) await playground.search(word);
    await eventually(() => playground.text('#p50')).toMatch(/^[\d.]+ ms$/);
    const before = await queries();
    await playground.page.getByRole('button', { name: 'Ask 1,000 more' }).click();
    await eventually(queries).toBe(before + 1000);
    expect(await playground.text('#p99')).toMatch(/^[\d.]+ ms$/);
  }));
