import type { Arguments, Syntax } from './arguments.ts';
import type { Terminal } from './terminal.ts';

/** One subcommand: a file in js/cli/commands and a line in js/cli/commands.ts. */
export interface Command extends Syntax {
  readonly summary: string;
  /** Paragraphs that the help ends with. */
  readonly notes?: readonly string[];
  /** Resolves to the exit status; errors become 1, and 2 for a `UsageError`. */
  readonly run: (given: Arguments, terminal: Terminal) => Promise<number>;
}
