import { version } from '../../package.json';
import { nearest } from '../nearest.ts';
import { Arguments } from './arguments.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { asQuiverError, errorLine, UsageError } from './failure.ts';
import { helpOf, overview } from './help.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line, without the program's name, and resolves to its exit status. Never rejects. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    const known = asQuiverError(error);
    terminal.err.write(`${errorLine(known)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    terminal.err.write(overview(commands));
    return 2;
  }
  if (first === '--version' || first === '-v') {
    terminal.out.write(`${version}\n`);
    return 0;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    const [about] = rest;
    terminal.out.write(about === undefined ? overview(commands) : helpOf(commandOf(about)));
    return 0;
  }
  const command = commandOf(first);
  const end = rest.indexOf('--');
  const options = end < 0 ? rest : rest.slice(0, end);
  if (options.includes('--help') || options.includes('-h')) {
    terminal.out.write(helpOf(command));
    return 0;
  }
  return command.run(Arguments.parse(rest, command), terminal);
}

function commandOf(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = commands.map((command) => command.name);
  const near = nearest(name, names);
  throw new UsageError(
    `There is no command ${JSON.stringify(name)}: ${near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`}`,
  );
}
