import type { Command } from './command.ts';

/** `quiver --help`. */
export function overview(commands: readonly Command[]): string {
  return [
    'quiver: vector indexes on the command line',
    '',
    ...table(
      [...commands.map((command) => [synopsis(command), command.summary] as const)],
      'quiver ',
    ),
    '',
    'quiver help COMMAND tells the options of a command, quiver --version the version.',
    'Exit status: 0 done, 1 failed, 2 called wrongly, 130 interrupted.',
    '',
  ].join('\n');
}

/** `quiver help COMMAND`. */
export function helpOf(command: Command): string {
  const options = Object.entries(command.options).map(
    ([name, { value, about }]) =>
      [`--${name}${value === undefined ? '' : ` ${value}`}`, about] as const,
  );
  return [
    `quiver ${synopsis(command)}`,
    '',
    command.summary,
    '',
    ...table(command.positionals.map(({ name, about }) => [name, about] as const)),
    ...(options.length === 0 ? [] : ['', ...table(options)]),
    ...(command.notes ?? []).flatMap((note) => ['', ...wrapped(note, 0)]),
    '',
  ].join('\n');
}

function synopsis(command: Command): string {
  const options = Object.keys(command.options).length === 0 ? [] : ['[options]'];
  return [command.name, ...command.positionals.map(({ name }) => name), ...options].join(' ');
}

const width = 100;

function table(rows: readonly (readonly [string, string])[], before = ''): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + before.length + 4;
  return rows.flatMap(([name, about]) => {
    const [first = '', ...more] = wrapped(about, left);
    return [`  ${before}${name}`.padEnd(left) + first.trimStart(), ...more];
  });
}

function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => ' '.repeat(indent) + each);
}
