import { describe, expect, test } from 'vitest';
import {
  bestPoints,
  median,
  qpsAtRecall,
  quantile,
  randomFrom,
  recall,
} from '../../../bench/lib/statistics.mjs';

describe('median and quantile', () => {
  test('do not depend on the order, and leave it as it is', () => {
    const values = [5, 1, 4, 2, 3];
    expect(median(values)).toBe(3);
    expect(quantile(values, 0.99)).toBe(5);
    expect(quantile(values, 0)).toBe(1);
    expect(values).toEqual([5, 1, 4, 2, 3]);
  });

  test('compare numbers, not their digits', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  test('the 99th percentile of 1 to 100 has 99 below it', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(quantile(values, 0.99)).toBe(100);
    expect(quantile(values, 0.5)).toBe(51);
  });
});

describe('recall', () => {
  test('is the share of the nearest that were found, in any order', () => {
    expect(recall([4, 3, 2, 1], [1, 2, 3, 4])).toBe(1);
    expect(recall([1, 2, 9, 8], [1, 2, 3, 4])).toBe(0.5);
    expect(recall([], [1, 2])).toBe(0);
  });

  test('counts a row that was found twice once', () => {
    expect(recall([1, 1, 1, 1], [1, 2, 3, 4])).toBe(0.25);
  });

  test('of a filter that takes nothing is 1 only if nothing was found', () => {
    expect(recall([], [])).toBe(1);
    expect(recall([7], [])).toBe(0);
  });
});

describe('speed at a recall', () => {
  const curve = [
    { recall: 0.9, qps: 1000 },
    { recall: 0.96, qps: 400 },
    { recall: 0.995, qps: 100 },
  ];

  test('is that of a measured point', () => {
    expect(qpsAtRecall(curve, 0.96)).toBe(400);
  });

  test('is the geometric mean half-way between two points', () => {
    expect(qpsAtRecall(curve, 0.93)).toBeCloseTo(Math.sqrt(1000 * 400), 6);
  });

  test('does not depend on the order of the points, nor on points that another one beats', () => {
    const more = [...curve, { recall: 0.92, qps: 300 }].reverse();
    expect(qpsAtRecall(more, 0.93)).toBeCloseTo(Math.sqrt(1000 * 400), 6);
  });

  test('is unknown beyond the largest recall, and never extrapolated below the smallest', () => {
    expect(qpsAtRecall(curve, 0.999)).toBeUndefined();
    expect(qpsAtRecall(curve, 0.5)).toBe(1000);
    expect(qpsAtRecall([{ recall: 1, qps: 50 }], 0.99)).toBe(50);
  });

  test('takes the faster of two points of the same recall', () => {
    const best = bestPoints([
      { recall: 1, qps: 10 },
      { recall: 1, qps: 20 },
      { recall: 0.9, qps: 15 },
    ]);
    expect(best).toEqual([{ recall: 1, qps: 20 }]);
  });
});

test('random numbers are the same for a seed, and between 0 and 1', () => {
  const [a, b, other] = [randomFrom(1), randomFrom(1), randomFrom(2)];
  const numbers = Array.from({ length: 1000 }, () => a());
  expect(Array.from({ length: 1000 }, () => b())).toEqual(numbers);
  expect(other()).not.toBe(numbers[0]);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
});
