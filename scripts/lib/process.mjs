// Child processes and messages. Commands are argument lists, never shell text.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './paths.mjs';

const windows = process.platform === 'win32';

/** A failure that the user can act on: printed without a stack. */
export class UserError extends Error {}

export const say = (text) => console.log(`\x1b[1m›\x1b[0m ${text}`);
export const warn = (text) => console.warn(`\x1b[33m! ${text}\x1b[0m`);

/** Runs `main` and turns a failure into a message and exit status 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    console.error(
      `\x1b[31m✗ ${error instanceof UserError ? error.message : (error.stack ?? error)}\x1b[0m`,
    );
    process.exitCode = 1;
  }
}

/** The path of a program on PATH, or undefined. No child process. */
export function which(name) {
  const endings = windows ? ['.exe', '.cmd', '.bat', ''] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
      } catch {
        // Not here; look in the next folder.
      }
    }
  }
  return undefined;
}

/** Runs a command with our output; rejects with a UserError when it fails. */
export function run(command, args, { cwd = root, env = {}, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      // npm is a .cmd file on Windows, which only a shell can start.
      shell: windows && command === 'npm',
    });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) =>
      reject(new UserError(`Cannot start ${command}: ${error.message}`)),
    );
    child.on('close', (status, signal) => {
      if (status === 0) return resolve();
      const text = Buffer.concat(output).toString().trim();
      const how = signal ? `was ended by ${signal}` : `failed with status ${status}`;
      const named = [command, ...args.slice(0, 6), ...(args.length > 6 ? ['…'] : [])].join(' ');
      reject(new UserError(`${named} ${how}.${text ? `\n${text}` : ''}`));
    });
  });
}

/** Runs a command; its exit status and what it printed. Rejects only when it cannot be started. */
export function collect(command, args, { cwd = root, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', (error) =>
      reject(new UserError(`Cannot start ${command}: ${error.message}`)),
    );
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** What a command prints, trimmed; undefined when it fails or does not exist. */
export function capture(command, args, { cwd = root, env = {} } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Calls `action` until it succeeds, at most `attempts` times, with growing pauses (for downloads). */
export async function withRetries(what, action, attempts = 4) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === attempts) throw error;
      const seconds = 2 ** attempt;
      warn(
        `${what} failed (attempt ${attempt} of ${attempts}), again in ${seconds} s: ${error.message.split('\n').slice(-1)[0]}`,
      );
      await sleep(seconds * 1000);
    }
  }
}
