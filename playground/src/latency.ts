import { byId, element, oncePerFrame } from './dom.ts';
import { count, milliseconds } from './format.ts';

/** Bars of half an octave each, from 2⁻⁵ ms (31 µs) on. */
const barsPerOctave = 2;
const firstExponent = -5;
const barCount = 24;
const kept = 2000;

/** How long the page waited for its last queries: from asking the index to having the results. */
export class Latency {
  readonly #times: number[] = [];
  readonly #bars: SVGRectElement[];
  readonly #figures: ReadonlyMap<number, HTMLElement>;
  readonly #text = byId('histogram-text', HTMLElement);
  readonly #draw = oncePerFrame(() => this.#show());
  #total = 0;

  constructor() {
    const svg = byId('histogram', SVGSVGElement);
    svg.setAttribute('viewBox', `0 0 ${barCount * 10} 100`);
    this.#bars = Array.from({ length: barCount }, (_, i) => {
      const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
      bar.setAttribute('x', String(i * 10 + 1));
      bar.setAttribute('width', '8');
      bar.setAttribute('rx', '1.5');
      svg.append(bar);
      return bar;
    });
    const list = byId('percentiles', HTMLElement);
    this.#figures = new Map(
      [50, 95, 99].map((percent) => {
        const figure = element('dd', { id: `p${percent}` });
        list.append(element('div', {}, element('dt', {}, `p${percent}`), figure));
        return [percent, figure] as const;
      }),
    );
    this.#show();
  }

  add(time: number): void {
    this.#total++;
    this.#times.push(time);
    if (this.#times.length > kept) this.#times.shift();
    this.#draw();
  }

  /** Of what was built otherwise. */
  clear(): void {
    this.#times.length = 0;
    this.#total = 0;
    this.#draw();
  }

  #show(): void {
    const sorted = [...this.#times].sort((a, b) => a - b);
    for (const [percent, figure] of this.#figures) {
      const time = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
      figure.textContent = time === undefined ? '–' : milliseconds(time);
    }
    const heights = new Array<number>(barCount).fill(0);
    for (const time of sorted) {
      const place = Math.floor((Math.log2(Math.max(time, 1e-3)) - firstExponent) * barsPerOctave);
      const bar = Math.max(0, Math.min(barCount - 1, place));
      heights[bar] = (heights[bar] as number) + 1;
    }
    const most = Math.max(1, ...heights);
    for (const [i, bar] of this.#bars.entries()) {
      const amount = heights[i] as number;
      // Least what can be seen, or nothing to see.
      const height = amount === 0 ? 1 : Math.max(4, (100 * amount) / most);
      bar.setAttribute('height', String(height));
      bar.setAttribute('y', String(100 - height));
      bar.classList.toggle('none', amount === 0);
    }
    const clock = crossOriginIsolated ? '5 µs' : '0.1 ms, since the page is not isolated';
    this.#text.textContent =
      this.#total === 0
        ? `30 µs to 128 ms, from left to right. The page's clock ticks every ${clock}.`
        : `${count(this.#total)} ${this.#total === 1 ? 'query' : 'queries'}, 30 µs to 128 ms from left to right` +
          `${this.#total > kept ? `, the last ${count(kept)}` : ''}. The page's clock ticks every ${clock}.`;
  }
}
