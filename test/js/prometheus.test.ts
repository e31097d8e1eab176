// The judge of what the metrics' tests read: it takes what the format's page shows, and nothing else.
import { describe, expect, test } from 'vitest';
import { parsePrometheus } from '../support/prometheus.ts';

const good = `# HELP a_total Things \\\\ and \\n more.
# TYPE a_total counter
a_total{x="1",y="\\"\\\\\\n,}"} 3
a_total 1e3
# HELP t_seconds How long.
# TYPE t_seconds histogram
t_seconds_bucket{le="0.5"} 1
t_seconds_bucket{le="+Inf"} 2
t_seconds_sum 1.25
t_seconds_count 2
`;

describe('the reader of the format', () => {
  test('reads what is good', () => {
    const metrics = parsePrometheus(good);
    expect([...metrics.keys()]).toEqual(['a_total', 't_seconds']);
    expect(metrics.get('a_total')).toEqual({
      type: 'counter',
      help: 'Things \\ and \n more.',
      series: [
        { name: 'a_total', labels: { x: '1', y: '"\\\n,}' }, value: 3 },
        { name: 'a_total', labels: {}, value: 1000 },
      ],
    });
    expect(parsePrometheus('')).toEqual(new Map());
  });

  test.each([
    ['no end of the last line', good, good.trimEnd()],
    ['an unknown type', 'counter\n', 'count\n'],
    ['a counter without _total', /a_total/g, 'a'],
    ['a negative counter', '} 3', '} -3'],
    ['a value that is none', '} 3', '} 3x'],
    ['a value in hexadecimals', '} 3', '} 0x3'],
    ['a value that is missing', '} 3', '}'],
    ['two blanks', '} 3', '}  3'],
    ['a bad name', 'a_total{', '1a_total{'],
    ['a bad label', 'x="1"', 'x-y="1"'],
    ['a label without quotes', 'x="1"', 'x=1'],
    ['a label twice', 'y="', 'x="'],
    ['an unknown escape', '\\"\\\\', '\\t\\\\'],
    ['a raw quote', '\\"\\\\', '"\\\\'],
    ['a series twice', 'a_total 1e3', 'a_total{z=""} 1\na_total 1e3'],
    ['a metric in two places', /$/, '# HELP a_total Again.\n'],
    ['a value of another metric', 'a_total 1e3', 'b 1e3'],
    ['a value without a type', '# TYPE a_total counter\n', ''],
    ['a type without values', 'a_total{x', '# HELP b B.\n# TYPE b gauge\na_total{x'],
    ['two types', '# TYPE a_total counter', '# TYPE a_total counter\n# TYPE a_total gauge'],
    ['a comment of another kind', '# HELP a_total', '# HELPS a_total'],
    ['bounds that do not ascend', 'le="0.5"', 'le="+Inf"'],
    ['counts that are not cumulative', '"0.5"} 1', '"0.5"} 3'],
    ['no bucket for all', 't_seconds_bucket{le="+Inf"} 2\n', ''],
    ['another count', 't_seconds_count 2', 't_seconds_count 3'],
    ['no sum', 't_seconds_sum 1.25\n', ''],
  ])('refuses %s', (_, from, to) => {
    const bad = good.replace(from as string, to);
    expect(bad).not.toBe(good);
    expect(() => parsePrometheus(bad)).toThrow();
  });
});
