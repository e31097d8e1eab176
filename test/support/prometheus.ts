// Reads Prometheus's text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), strictly: whatever is
// not as the page says, or would be two values of one series, is an error. Kept parsers of it for JavaScript take too much.

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly type: string;
  readonly help: string;
  readonly series: readonly Series[];
}

interface Family {
  type?: string;
  help?: string;
  series: Series[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const specialValues: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};

/** The metrics by name, in their order. */
export function parsePrometheus(text: string): Map<string, Metric> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  let current = '';
  text
    .split('\n')
    .slice(0, -1)
    .forEach((line, i) => {
      try {
        current = readLine(line, current, families);
      } catch (error) {
        throw new Error(`line ${i + 1}, ${JSON.stringify(line)}: ${(error as Error).message}`);
      }
    });
  const seen = new Set<string>();
  const metrics = new Map<string, Metric>();
  for (const [name, { type, help, series }] of families) {
    if (type === undefined || help === undefined) throw new Error(`${name} lacks HELP or TYPE`);
    if (series.length === 0) throw new Error(`${name} has no series`);
    for (const each of series) {
      const key = seriesKey(each);
      if (seen.has(key)) throw new Error(`${key} stands twice`);
      seen.add(key);
      if (type === 'counter' && !(each.value >= 0)) throw new Error(`${key} is below 0`);
    }
    if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name} lacks _total`);
    if (type !== 'counter' && name.endsWith('_total')) throw new Error(`${name} is no counter`);
    if (type === 'histogram') checkHistogram(name, series);
    metrics.set(name, { type, help, series });
  }
  return metrics;
}

/** Returns the metric that the line is about. */
function readLine(line: string, current: string, families: Map<string, Family>): string {
  const family = (name: string): Family => {
    if (!metricName.test(name)) throw new Error('not the name of a metric');
    const known = families.get(name);
    if (known !== undefined && name !== current) throw new Error(`${name} was left before`);
    const found = known ?? { series: [] };
    families.set(name, found);
    return found;
  };
  if (line.startsWith('#')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === undefined) throw new Error('neither HELP nor TYPE');
    const about = family(name);
    if (about.series.length > 0) throw new Error('after the first value');
    if (kind === 'HELP') {
      if (about.help !== undefined) throw new Error('HELP twice');
      about.help = unescaped(rest, /\\[\\n]/);
    } else {
      if (about.type !== undefined) throw new Error('TYPE twice');
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest))
        throw new Error('no type');
      about.type = rest;
    }
    return name;
  }
  const series = readSeries(line);
  const about = families.get(current);
  const suffixes = about?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => series.name === current + suffix))
    throw new Error(`not of ${current}, a ${about?.type}`);
  about?.series.push(series);
  return current;
}

function readSeries(line: string): Series {
  const [, name = '', braces, inside = '', valueText = ''] =
    /^([^\s{]+)(\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/.exec(line) ?? [];
  if (!metricName.test(name)) throw new Error('not a series');
  const labels: Record<string, string> = {};
  if (braces !== undefined && inside !== '') {
    const label = /([^=,"]+)="((?:[^"\\]|\\.)*)"(,|$)/y;
    while (label.lastIndex < inside.length) {
      const [, key = '', value = ''] = label.exec(inside) ?? [];
      if (!labelName.test(key)) throw new Error('not a label');
      if (key in labels) throw new Error(`the label ${key} twice`);
      labels[key] = unescaped(value, /\\[\\n"]/);
    }
  }
  const value = specialValues[valueText] ?? Number(number.test(valueText) ? valueText : undefined);
  if (Number.isNaN(value) && valueText !== 'NaN') throw new Error('not a value');
  return { name, labels, value };
}

function unescaped(text: string, allowed: RegExp): string {
  return text.replaceAll(/\\[\s\S]?/g, (found) => {
    if (!allowed.test(found)) throw new Error(`the escape ${found}`);
    return found === '\\n' ? '\n' : found.slice(1);
  });
}

function seriesKey({ name, labels }: Series): string {
  const given = Object.entries(labels).filter(([, value]) => value !== '');
  return name + JSON.stringify(given.sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Buckets {
  readonly bounds: number[];
  readonly counts: number[];
  /** By suffix. */
  readonly others: Map<string, number>;
}

function checkHistogram(name: string, all: readonly Series[]): void {
  const groups = new Map<string, Buckets>();
  for (const { name: full, labels, value } of all) {
    const { le, ...rest } = labels;
    const key = seriesKey({ name, labels: rest, value });
    const group: Buckets = groups.get(key) ?? { bounds: [], counts: [], others: new Map() };
    groups.set(key, group);
    if (full !== `${name}_bucket`) {
      if (le !== undefined) throw new Error(`${key}: le beside a bucket`);
      group.others.set(full.slice(name.length), value);
      continue;
    }
    const bound = specialValues[le ?? ''] ?? Number(number.test(le ?? '') ? le : undefined);
    if (Number.isNaN(bound)) throw new Error(`${key}: no le`);
    group.bounds.push(bound);
    group.counts.push(value);
  }
  for (const [key, { bounds, counts, others }] of groups) {
    for (let i = 1; i < bounds.length; i++) {
      if (!((bounds[i - 1] as number) < (bounds[i] as number)))
        throw new Error(`${key}: bounds do not ascend`);
      if (!((counts[i - 1] as number) <= (counts[i] as number)))
        throw new Error(`${key}: counts are not cumulative`);
    }
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${key}: no bucket for all`);
    if (counts.at(-1) !== others.get('_count')) throw new Error(`${key}: _count is another`);
    if (!((others.get('_sum') ?? -1) >= 0)) throw new Error(`${key}: no _sum`);
  }
}
