import type { Output } from './terminal.ts';

const redrawMs = 200;

/** One line on a terminal that says how far the work is; silent when nobody watches. */
export class ProgressLine {
  readonly #output: Output;
  readonly #unit: string;
  readonly #now: () => number;
  readonly #start: number;
  #drawn: number | undefined;

  constructor(output: Output, unit: string, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#unit = unit;
    this.#now = now;
    this.#start = now();
  }

  /** @param fraction - 0 to 1, undefined when nobody knows */
  show(done: number, fraction: number | undefined): void {
    if (this.#output.isTTY !== true) return;
    const now = this.#now();
    if (this.#drawn !== undefined && now - this.#drawn < redrawMs) return;
    this.#drawn = now;
    const seconds = Math.max((now - this.#start) / 1000, 1e-3);
    const parts = [
      `${count(done)} ${this.#unit}`,
      `${count(Math.round(done / seconds))} ${this.#unit}/s`,
    ];
    if (fraction !== undefined && fraction > 0)
      parts.push(
        `${Math.floor(fraction * 100)}%`,
        `ETA ${duration((seconds / fraction) * (1 - fraction))}`,
      );
    const line = parts.join(' · ').slice(0, (this.#output.columns ?? 80) - 1);
    this.#output.write(`\r\u001b[K${line}`);
  }

  /** Removes the line, before something else is printed. */
  clear(): void {
    if (this.#drawn !== undefined) this.#output.write('\r\u001b[K');
    this.#drawn = undefined;
  }
}

/** Digits in groups of three. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    String(whole % 60).padStart(2, '0'),
  ];
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [shown, unit] = [value, 0];
  while (shown >= 1000 && unit < units.length - 1) {
    shown /= 1000;
    unit++;
  }
  return `${unit === 0 ? shown : shown.toFixed(1)} ${units[unit]}`;
}
