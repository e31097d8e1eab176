// What the benchmarks measure with: time, stalls, memory, disk, and processes that start fresh.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { benchFolder } from './paths.mjs';
import { median, quantile, recall } from './statistics.mjs';

/** Milliseconds that `task` takes. */
export async function timed(task) {
  const from = performance.now();
  await task();
  return performance.now() - from;
}

/** Each task in turn, `rounds` times: median milliseconds of each, with noise spread over all of them. */
export async function interleaved(rounds, tasks) {
  const times = tasks.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, task] of tasks.entries()) times[i].push(await timed(task));
  }
  return times.map(median);
}

/** What `task` takes and the longest time in which the JavaScript thread did nothing else meanwhile. */
export async function withStalls(task) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await pause(50);
  delay.enable();
  await pause(20);
  const ms = await timed(task);
  await pause(20); // a task that blocks to its end is seen by the timer after it
  delay.disable();
  return { ms, stallMs: delay.max / 1e6, stallP99Ms: delay.percentile(99) / 1e6 };
}

/**
 * Asks all queries one after the other, for at most `mostMs`: {asked, recall, qps, p50, p99 (ms)}.
 * `ask(vector)` gives rows, or a promise of them.
 */
export async function askAll(queries, nearest, ask, mostMs = Number.POSITIVE_INFINITY) {
  const times = [];
  const found = [];
  const started = performance.now();
  for (const query of queries) {
    const from = performance.now();
    const rows = ask(query);
    // An answer that is there is not waited for: that would be measured with it.
    found.push(typeof rows?.then === 'function' ? await rows : rows);
    const now = performance.now();
    times.push(now - from);
    if (now - started > mostMs) break;
  }
  const seconds = (performance.now() - started) / 1000;
  const recalls = found.map((rows, i) => recall(rows, nearest[i]));
  return {
    asked: found.length,
    recall: recalls.reduce((sum, one) => sum + one, 0) / found.length,
    qps: found.length / seconds,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  };
}

/** `callers` that each ask one query after the other, for `ms`: {qps, p50, p99 (ms)}. */
export async function askConcurrently(callers, queries, ask, ms) {
  const times = [];
  let next = 0;
  const started = performance.now();
  const caller = async () => {
    while (performance.now() - started < ms) {
      const query = queries[next++ % queries.length];
      const from = performance.now();
      await ask(query);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - started) / 1000;
  return { qps: times.length / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

/** Files and bytes in a folder; a file that vanishes meanwhile does not count. */
export function folderSize(folder) {
  const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size)
    .filter((size) => size !== undefined);
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/**
 * Bytes of memory of this process: `resident` holds the pages of mapped files that were touched; `own` does not, and is
 * undefined where the system does not tell it apart.
 */
export function memory() {
  const resident = process.memoryUsage.rss();
  if (!existsSync('/proc/self/status')) return { resident, own: undefined };
  const kilobytes = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return { resident, own: Number(kilobytes) * 1024 };
}

/** Open file descriptors of this process, without those that belong to no file; undefined where the system has no list. */
export function descriptors() {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : undefined;
}

/** The line that Node prints of an error that nobody caught; without one, the last lines. */
function whatWentWrong(errors) {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.findLast((line) => /^\[?\w*Error\b/.test(line)) ??
    (lines.slice(-3).join(' ') || undefined)
  );
}

/**
 * Runs a program of this folder in a process of its own, where global.gc() is: JSON to its stdin, JSON in its last line. Rejects
 * with what it said when it fails or takes longer than `mostMs`.
 */
export function inFreshProcess(script, request, mostMs = 3_600_000) {
  const child = spawn(process.execPath, ['--expose-gc', join(benchFolder, script)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // it ended before it read: its exit says why
  child.stdin.end(JSON.stringify(request));
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-4000)));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      errors = `took longer than ${mostMs / 1000} s`;
      child.kill('SIGKILL');
    }, mostMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(JSON.parse(output.trimEnd().split('\n').at(-1)));
      const how = signal ? `was ended by ${signal}` : `ended with ${code}`;
      reject(new Error(whatWentWrong(errors) ?? how));
    });
  });
}
