// The options of `npm run bench -- SUITE [options]`, which all suites share.

import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

/** [what it is, its form]. A suite says which of them it heeds. */
export const known = {
  data: ['sift200k, wordnet30k, synthetic, or a file: .fvecs, .npy, .u8bin', 'PATH'],
  queries: ['vectors to ask for; without it the last 1,000 of --data', 'PATH'],
  truth: ['the nearest rows of each query, .ivecs; without it exact search finds them', 'PATH'],
  metric: ['cosine, l2 or ip', 'NAME'],
  dim: ['dimensions of synthetic data; a list where a suite compares', 'N,…'],
  size: ['items; the largest number where a suite compares', 'N'],
  seed: ['of synthetic data', 'N'],
  rounds: ['how often each thing is measured', 'N'],
  minutes: ['how long', 'N'],
  backend: ['native or wasm', 'NAME'],
  durability: ['sync, async or none', 'NAME'],
  only: ['libraries to compare, by the start of their names; or kinds of codes', 'NAME,…'],
  dir: ['a folder on the disk to measure on', 'DIR'],
};

const { values, positionals } = parseArgs({
  options: {
    ...Object.fromEntries(Object.keys(known).map((name) => [name, { type: 'string' }])),
    help: { type: 'boolean' },
    'no-build': { type: 'boolean' },
  },
  allowPositionals: true,
});

export const suite = positionals[0];
export const options = { dir: tmpdir(), ...values };

/** A whole number above 0. */
export function numberOption(name, otherwise) {
  const text = options[name];
  if (text === undefined) return otherwise;
  const value = Number(text.replaceAll(/[_,]/g, ''));
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`Expected a whole number above 0 for --${name}, got ${text}`);
  return value;
}

export function listOption(name, otherwise) {
  return options[name]?.split(',').filter((word) => word !== '') ?? otherwise;
}

/** Of the sizes to compare, those up to --size, and --size itself. */
export function sizesUpTo(sizes, otherwise) {
  const largest = numberOption('size', otherwise);
  return [...sizes.filter((size) => size < largest), largest];
}
