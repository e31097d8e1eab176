// What the storage benchmarks share: a place to write, processes that start fresh, resources, progress and reports.

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, options } from './data.mjs';

const started = performance.now();

/** A folder on the disk that --dir names; gone when the process ends. */
export function scratch() {
  const folder = mkdtempSync(join(options.dir, 'quiver-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  return folder;
}

/** mulberry32: the same numbers in every run. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The value that a share `q` of the values lies below. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

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

/** Runs a program of this folder in a process of its own: JSON to its stdin, JSON in its last line. */
export function inFreshProcess(script, request) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, '--data', options.data], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(request));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.trimEnd().split('\n').at(-1)));
      else
        reject(new Error(`${script} ${request.command} of ${request.driver} ended with ${code}`));
    });
  });
}

let lastLine = 0;
/** Says how far things are, on stderr: over the line before on a terminal, else every ten seconds at most. */
export function progress(text) {
  const now = performance.now();
  const line = `[${((now - started) / 1000).toFixed(0)} s] ${text}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${line}`);
  } else if (lastLine === 0 || now - lastLine > 10_000) {
    lastLine = now;
    process.stderr.write(`${line}\n`);
  }
}

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
export const count = (value) => Math.round(value).toLocaleString('en-US');

/** Prints rows of cells under their headings, each column as wide as it needs. */
export function printTable(title, headings, rows) {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const lines = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => row[column].length)));
  const text = lines.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  '),
  );
  console.log(`\n${title}\n${text[0]}\n${'-'.repeat(text[0].length)}\n${text.slice(1).join('\n')}`);
}

/** Writes the figures, and where they come from, to the file that --json names. */
export function saveJson(results) {
  if (options.json === undefined) return;
  const record = {
    bench: basename(process.argv[1]),
    date: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load: loadavg()[0],
    options: { ...options, data: undefined, dir: undefined, json: undefined },
    results,
  };
  writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
}
