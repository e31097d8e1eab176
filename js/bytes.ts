const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A number of bytes, or one with a unit: `'512MB'`, `'1.5 GiB'`. */
export type ByteSize = number | string;

/** The number of bytes; undefined if it is none from 1 to 2^53 − 1. */
export function parseByteSize(size: unknown): number | undefined {
  const [, digits, unit = 'B'] =
    typeof size === 'string' ? (/^(\d+(?:\.\d+)?) ?([a-zA-Z]+)?$/.exec(size) ?? []) : ['', size];
  const bytes = Math.floor(Number(digits) * (units[unit as string] ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes >= 1 ? bytes : undefined;
}
