// The programs that the checks of the package run.
import { inRoot } from '../../scripts/lib/paths.mjs';
import { collect, UserError } from '../../scripts/lib/process.mjs';

/** A script in the checkout's node_modules. */
export const tool = (path) => inRoot('node_modules', path);

/** Runs a program; what it printed. Rejects with all of it unless the program ends with `status`. */
export async function runQuietly(command, args, { cwd, env = {}, status = 0 } = {}) {
  const ended = await collect(command, args, { cwd, env: { QUIVER_BACKEND: '', ...env } });
  if (ended.status === status) return ended.output;
  throw new UserError(
    `${[command, ...args].join(' ')} ended with ${ended.status}:\n${ended.output}`,
  );
}

export const node = (args, options) => runQuietly(process.execPath, args, options);
