import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { platformTarget } from '../../js/engine/platform.ts';
import { platforms, thisPlatform } from '../../scripts/lib/platforms.mjs';

test('the packages that are looked for are those that are made', () => {
  const source = readFileSync(new URL('../../js/engine/platform.ts', import.meta.url), 'utf8');
  const cases = [
    ...source.matchAll(/case '([\w-]+)':\s+return require\('@quiverdb\/([\w-]+)'\);/g),
  ];
  expect(cases.every(([, target, name]) => target === name)).toBe(true);
  expect(cases.map(([, target]) => target)).toEqual(platforms.map(({ target }) => target));
});

test('this machine is one of them', () => {
  expect(thisPlatform()?.target).toBe(platformTarget());
});
