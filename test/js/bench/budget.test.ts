import { describe, expect, test } from 'vitest';
import { compareCounts, problems, readCounts, toRecord } from '../../../bench/budget/counts.mjs';

/** In callgrind's own form: names once and then by number, lines of calls with what the callee took. */
const written = `# callgrind format
version: 1
positions: line
events: Ir

fl=(1) a.cpp
fn=(1) walk(int)
10 100
+2 50
cfn=(2) distance(float const*)
calls=3 20
11 600
* 5

fn=(2)
20 590
-1 10

fn=(1)
30 45
`;

describe('reading what callgrind wrote', () => {
  const { total, functions } = readCounts(written);

  test('counts a function by itself, without those it calls', () => {
    expect(Object.fromEntries(functions)).toEqual({
      'walk(int)': 200,
      'distance(float const*)': 600,
    });
  });

  test('the total is the sum', () => {
    expect(total).toBe(800);
  });

  test('nothing counted is 0', () => {
    expect(readCounts('# callgrind format\nevents: Ir\n').total).toBe(0);
  });
});

test('a record has the functions that matter, largest first', () => {
  const functions = new Map([
    ['small', 1],
    ['walk', 399],
    ['distance', 600],
  ]);
  const record = toRecord({ total: 1000, functions });
  expect(record).toEqual({ total: 1000, functions: { distance: 600, walk: 399 } });
  expect(Object.keys(record.functions)).toEqual(['distance', 'walk']);
});

describe('comparing with the record', () => {
  const records = { query: { total: 1000, functions: { distance: 700, walk: 300 } } };
  const run = (counts: Record<string, number>) => ({
    total: Object.values(counts).reduce((sum, count) => sum + count, 0),
    functions: new Map(Object.entries(counts)),
  });
  const problemsOf = (counts: Record<string, number>) =>
    problems(records, compareCounts(records, { query: run(counts) }));

  test('5% more is allowed, and any amount less', () => {
    expect(problemsOf({ distance: 750, walk: 300 })).toEqual([]);
    expect(problemsOf({ distance: 10 })).toEqual([]);
  });

  test('more names the workload and the function that grew most', () => {
    const [problem, ...more] = problemsOf({ distance: 710, walk: 350 });
    expect(more).toEqual([]);
    expect(problem).toBe(
      'query takes 6.0% more instructions than recorded (1,000 → 1,060); most of it in walk (300 → 350)',
    );
  });

  test('a function that is new may be at fault', () => {
    const [problem] = problemsOf({ distance: 700, walk: 300, allocate: 90 });
    expect(problem).toContain('most of it in allocate (0 → 90)');
  });

  test('a workload without a record, and a record without a workload, are problems', () => {
    const found = problems(records, compareCounts(records, { insert: run({ put: 5 }) }));
    expect(found).toEqual(['insert has no record', 'query has a record, and does not exist']);
  });
});
