import type { Arguments } from './arguments.ts';
import type { Terminal } from './terminal.ts';

export interface Positional {
  readonly name: string;
  readonly about: string;
}

export interface Option {
  /** What its value is called in the help; an option without one is a switch. */
  readonly value?: string;
  readonly about: string;
}

/** One subcommand: a file in js/cli/commands and a line in js/cli/commands.ts. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What must be given, in this order. */
  readonly positionals: readonly Positional[];
  readonly options: Readonly<Record<string, Option>>;
  /** Paragraphs that the help ends with. */
  readonly notes?: readonly string[];
  /** Resolves to the exit status; errors become 1, and 2 for a {@link UsageError}. */
  readonly run: (given: Arguments, terminal: Terminal) => Promise<number>;
}
