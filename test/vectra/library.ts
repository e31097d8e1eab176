import { pathToFileURL } from 'node:url';
import { test } from 'vitest';
import type * as ours from '../../js/vectra/index.ts';

const other = process.env['QUIVER_CONFORMANCE_MODULE'];

/** What the suites ask: quiverdb/vectra or, when bench/vectra/conformance.mjs says so, Vectra itself. */
export const library = (await import(
  other === undefined ? '../../js/vectra/index.ts' : pathToFileURL(other).href
)) as typeof ours;

/** A case in which Vectra 0.15 is known to fail: there it must fail, so that the list of them stays true. */
export const better = other === undefined ? test : test.fails;
