import type { Command } from './command.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { repair } from './commands/repair.ts';
import { restore } from './commands/restore.ts';
import { snapshot } from './commands/snapshot.ts';
import { stats } from './commands/stats.ts';
import { verify } from './commands/verify.ts';

/** Every subcommand, in the order of the help. */
export const commands: readonly Command[] = [
  stats,
  verify,
  importCommand,
  exportCommand,
  snapshot,
  restore,
  repair,
];
