import { describe, expect, test } from 'vitest';
import { htmlReport } from '../../../bench/report/html.mjs';
import { logScale, recallScale, short, spreadLabels } from '../../../bench/report/scales.mjs';
import { textReport, textTable } from '../../../bench/report/text.mjs';

const table = {
  headings: ['name', 'items'],
  rows: [
    ['a <b>', '1'],
    ['c', '1,000'],
  ],
};

describe('scales', () => {
  test('recall: 0.9 to 0.99 takes about as much room as 0.99 to 0.999', () => {
    const { at, ticks } = recallScale([0.85, 1], [0, 100]);
    const ratio = (at(0.99) - at(0.9)) / (at(0.999) - at(0.99));
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.3);
    expect(at(1)).toBe(100);
    expect(at(0.85)).toBeGreaterThanOrEqual(0);
    expect(ticks).toContain(0.99);
  });

  test('logarithm: every value has a place in the range, larger ones further', () => {
    const { at, ticks } = logScale([3, 5000], [0, 100]);
    expect(at(3)).toBeGreaterThan(0);
    expect(at(5000)).toBeLessThan(100);
    expect(at(50)).toBeGreaterThan(at(5));
    expect(ticks).toEqual([5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]);
  });

  test('one value alone has a place too', () => {
    expect(logScale([7], [0, 100]).at(7)).toBeCloseTo(50);
  });

  test('labels keep their order and their distance, within the frame', () => {
    const moved = spreadLabels([50, 51, 52, 98], 10, 0, 100);
    expect(moved.length).toBe(4);
    for (let i = 1; i < 4; i++) expect(moved[i]! - moved[i - 1]!).toBeGreaterThanOrEqual(10);
    expect(moved[3]).toBeLessThanOrEqual(100);
    expect(moved[0]).toBe(50);
  });

  test('short numbers', () => {
    expect([950, 1200, 2_500_000, 0.5].map(short)).toEqual(['950', '1.2k', '2.5M', '0.5']);
  });
});

describe('text', () => {
  test('columns are aligned: the first to the left, the others to the right', () => {
    expect(textTable(table)).toBe(
      ['name   items', '------------', 'a <b>      1', 'c      1,000'].join('\n'),
    );
  });

  test('a section that is only a chart is left out', () => {
    const chart = { kind: 'bars', label: '', bars: [] };
    const text = textReport({
      sections: [
        { title: 'drawn', chart },
        { title: 'told', note: 'so' },
      ],
    });
    expect(text).toBe('told\nso');
  });
});

describe('page', () => {
  const point = (x: number, y: number) => ({ x, y, label: `at ${x}` });
  const page = htmlReport({
    title: 'A & B',
    question: 'Is <this> safe?',
    machine: 'two cores',
    highlights: [{ value: '2×', label: 'as "fast"' }],
    sections: [
      {
        title: 'Curve',
        chart: {
          kind: 'curve',
          xLabel: 'recall',
          yLabel: 'queries a second',
          series: [
            { name: 'quiver', points: [point(0.9, 1000), point(1, 10)] },
            { name: 'other f32', points: [point(0.95, 500)] },
            { name: 'other i8', points: [point(0.8, 900)] },
            { name: 'never measured', points: [] },
          ],
        },
        table,
      },
      {
        title: 'Bars',
        chart: {
          kind: 'bars',
          label: 'bytes',
          bars: [
            { name: 'quiver', value: 10, text: '10 B' },
            { name: 'unknown', value: undefined, text: '–' },
          ],
        },
      },
    ],
  });

  test('escapes what it is given', () => {
    expect(page).toContain('<title>A &amp; B</title>');
    expect(page).toContain('Is &lt;this&gt; safe?');
    expect(page).toContain('as &quot;fast&quot;');
    expect(page).toContain('<td>a &lt;b&gt;</td>');
  });

  test('needs nothing from elsewhere, and runs nothing', () => {
    expect(page).not.toMatch(/https?:|<script|<link|@import|url\(|\bsrc=/);
  });

  test('draws each line with a point and a name for each, and no place that is no number', () => {
    expect(page.match(/<circle /g)).toHaveLength(4);
    expect(page).toContain('<title>other f32 · at 0.95</title>');
    expect(page).not.toContain('never measured');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('gives variants of one library one colour and different dashes', () => {
    const lines = [...page.matchAll(/<g class="series (c\d)"><polyline points="[^"]+"([^>]*)/g)];
    const [quiver, f32, i8] = lines.map(([, colour, dash]) => ({ colour, dash }));
    expect(quiver?.colour).toBe('c0');
    expect(f32?.colour).toBe(i8?.colour);
    expect(f32?.colour).not.toBe('c0');
    expect(f32?.dash).not.toBe(i8?.dash);
  });

  test('has both themes', () => {
    expect(page).toContain('prefers-color-scheme:dark');
  });
});
