import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LocalIndex, QuiverError, type RepairResult } from '../../index.ts';
import type { Command } from '../command.ts';
import { withCopyProgress } from '../copy-progress.ts';
import { printable } from '../failure.ts';
import { count } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

export const repair: Command = {
  name: 'repair',
  summary: 'Saves all that is whole in a damaged index; exits with 1 if anything was wrong.',
  positionals: [{ name: 'DIR', about: 'the folder of the index' }],
  options: {
    to: { value: 'TARGET', about: 'make the repaired index there, and leave DIR as it is' },
    json: { about: 'print one JSON object' },
  },
  notes: [
    'Without --to the repaired index takes the place of the damaged one, which stays as DIR.damaged. An index in which nothing is wrong stays where it is. No process may have the index open for writing.',
  ],
  run: async (given, terminal) => {
    const folder = resolve(given.positional(0));
    const to = given.text('to');
    const target = to ?? `${folder}.repaired`;
    const damaged = `${folder}.damaged`;
    if (to === undefined) for (const path of [target, damaged]) checkFree(path);
    const report = await withCopyProgress(terminal, folder, target, () =>
      LocalIndex.repair(folder, target),
    );
    const isSound = report.problems.length === 0;
    if (to === undefined) {
      if (isSound) await new LocalIndex(target).deleteIndex();
      else await exchange(folder, target, damaged);
    }
    if (given.flag('json')) terminal.out.write(`${JSON.stringify(report)}\n`);
    else tell(terminal, report, to ?? folder, to === undefined && !isSound ? damaged : undefined);
    return isSound ? 0 : 1;
  },
};

/** @throws {QuiverError} `INDEX_EXISTS` */
function checkFree(path: string): void {
  if (!existsSync(path)) return;
  throw new QuiverError('INDEX_EXISTS', `${path} is in the way: remove it, or use --to`, {
    folder: path,
  });
}

/** Puts the repaired index in the place of the damaged one; when that fails, the damaged one is there again. */
async function exchange(folder: string, repaired: string, damaged: string): Promise<void> {
  await rename(folder, damaged);
  try {
    await rename(repaired, folder);
  } catch (error) {
    await rename(damaged, folder);
    throw error;
  }
}

function tell(
  terminal: Terminal,
  { problems, ids, itemsKept, itemsLost }: RepairResult,
  folder: string,
  damaged: string | undefined,
): void {
  const lines = [...problems];
  if (ids.length > 0)
    lines.push(`lost${ids.length < itemsLost ? ', among others' : ''}: ${ids.join(', ')}`);
  if (problems.length === 0) lines.push(`ok: ${count(itemsKept)} items, nothing is wrong`);
  else
    lines.push(
      `${count(itemsKept)} items saved in ${folder}, ${count(itemsLost)} known to be lost`,
    );
  if (damaged !== undefined) lines.push(`the damaged index is in ${damaged}`);
  for (const line of lines) terminal.out.write(`${printable(line)}\n`);
}
