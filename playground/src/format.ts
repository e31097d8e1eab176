const whole = new Intl.NumberFormat('en');

export const count = (value: number): string => whole.format(value);

export const counted = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** Three digits, as many as a clock of microseconds has. */
export function milliseconds(value: number): string {
  if (value >= 100) return `${value.toFixed(0)} ms`;
  return `${value.toFixed(value >= 10 ? 1 : 2)} ms`;
}

export function bytes(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} MB`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(0)} kB` : `${value} B`;
}
