// Counts of instructions: read from what callgrind writes, and compared with the recorded ones. No process, no file.

/** Counts may grow by this share. */
export const allowance = 0.05;
/** Functions below this share of a workload are not recorded. */
const recordedShare = 0.005;
const longestName = 120;

const nameOf = (text) => (text.length > longestName ? `${text.slice(0, longestName)}…` : text);

/**
 * The instructions of a whole run and of each function by itself, from the text of a callgrind.out file
 * (https://valgrind.org/docs/manual/cl-format.html). Functions of the same name are one.
 */
export function readCounts(text) {
  const names = new Map(); // a name is written once, then its number stands for it
  const functions = new Map();
  let current;
  let isCall = false;
  for (const line of text.split('\n')) {
    const named = /^fn=(?:\((\d+)\))?(?: ?(.+))?$/.exec(line);
    if (named) {
      const [, number, name] = named;
      if (name !== undefined && number !== undefined) names.set(number, nameOf(name));
      current = number === undefined ? nameOf(name) : names.get(number);
      continue;
    }
    const callee = /^cfn=\((\d+)\) (.+)$/.exec(line);
    if (callee) names.set(callee[1], nameOf(callee[2]));
    if (line.startsWith('calls=')) {
      isCall = true; // the next line is what the callee cost, which counts there
      continue;
    }
    const cost = /^(?:[+-]?\d+|\*|0x[\da-f]+)(?: (?:[+-]?\d+|\*))? (\d+)$/.exec(line);
    if (!cost) continue;
    if (!isCall && current !== undefined)
      functions.set(current, (functions.get(current) ?? 0) + Number(cost[1]));
    isCall = false;
  }
  const total = [...functions.values()].reduce((sum, count) => sum + count, 0);
  return { total, functions };
}

/** What is recorded of a run: the total, and the functions that make it up, largest first. */
export function toRecord({ total, functions }) {
  const large = [...functions].filter(([, count]) => count >= total * recordedShare);
  large.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return { total, functions: Object.fromEntries(large) };
}

/** The function whose own count grew most beyond its record. */
function mostGrown(record, { functions }) {
  let most = { name: undefined, before: 0, after: 0 };
  for (const [name, after] of functions) {
    const before = record.functions[name] ?? 0;
    if (after - before > most.after - most.before) most = { name, before, after };
  }
  return most;
}

/** Each workload beside its record: `ratio`, undefined without a record, and who grew most when it is too much. */
export function compareCounts(records, counts) {
  return Object.entries(counts).map(([workload, run]) => {
    const record = records[workload];
    if (record === undefined) return { workload, total: run.total };
    const ratio = run.total / record.total;
    const isOver = ratio > 1 + allowance;
    return {
      workload,
      total: run.total,
      recorded: record.total,
      ratio,
      ...(isOver && { grown: mostGrown(record, run) }),
    };
  });
}

/** What is wrong, a sentence for each workload; empty if nothing is. */
export function problems(records, comparisons) {
  const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)}%`;
  const count = (value) => value.toLocaleString('en-US');
  const over = comparisons
    .filter(({ grown }) => grown !== undefined)
    .map(
      ({ workload, ratio, recorded, total, grown }) =>
        `${workload} takes ${percent(ratio)} more instructions than recorded (${count(recorded)} → ${count(total)}); ` +
        `most of it in ${grown.name} (${count(grown.before)} → ${count(grown.after)})`,
    );
  const unknown = comparisons
    .filter(({ recorded }) => recorded === undefined)
    .map(({ workload }) => `${workload} has no record`);
  const ran = new Set(comparisons.map(({ workload }) => workload));
  const gone = Object.keys(records)
    .filter((workload) => !ran.has(workload))
    .map((workload) => `${workload} has a record, and does not exist`);
  return [...over, ...unknown, ...gone];
}
