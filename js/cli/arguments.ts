import { parseArgs } from 'node:util';
import { nearest } from '../nearest.ts';
import { UsageError } from './failure.ts';

export interface Positional {
  readonly name: string;
  readonly about: string;
}

export interface Option {
  /** What its value is called in the help; an option without one is a switch. */
  readonly value?: string;
  readonly about: string;
}

/** What a command can be given. */
export interface Syntax {
  readonly name: string;
  /** What must be given, in this order. */
  readonly positionals: readonly Positional[];
  readonly options: Readonly<Record<string, Option>>;
}

/** What was given to a command: its names are checked, its values are checked when they are asked for. */
export class Arguments {
  readonly #positionals: readonly string[];
  readonly #values: ReadonlyMap<string, string | undefined>;

  private constructor(
    positionals: readonly string[],
    values: ReadonlyMap<string, string | undefined>,
  ) {
    this.#positionals = positionals;
    this.#values = values;
  }

  /** @throws {UsageError} for an unknown or repeated option, a value that is missing or not expected, too few or many files */
  static parse(argv: readonly string[], command: Syntax): Arguments {
    const known = Object.keys(command.options);
    // Not strict: its messages know no nearest name, and node:util's types of errors differ between versions.
    const { tokens } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(
        Object.entries(command.options).map(([name, { value }]) => [
          name,
          { type: value === undefined ? ('boolean' as const) : ('string' as const) },
        ]),
      ),
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    const positionals: string[] = [];
    const values = new Map<string, string | undefined>();
    for (const token of tokens) {
      if (token.kind === 'positional') positionals.push(token.value);
      if (token.kind !== 'option') continue;
      const { name, rawName, value, inlineValue } = token;
      if (!Object.hasOwn(command.options, name)) throw unknownOption(rawName, name, known, command);
      if (values.has(name)) throw new UsageError(`${rawName} is given twice`);
      const wanted = command.options[name]?.value;
      if (wanted === undefined && value !== undefined)
        throw new UsageError(`${rawName} takes no value, got ${JSON.stringify(value)}`);
      if (wanted !== undefined && (value === undefined || (!inlineValue && /^-./.test(value))))
        throw new UsageError(
          `${rawName} needs a value: ${rawName} ${wanted}${value === undefined ? '' : `, or ${rawName}=${value} if that is it`}`,
        );
      values.set(name, value);
    }
    const wanted = command.positionals.map(({ name }) => name);
    if (positionals.length !== wanted.length)
      throw new UsageError(
        `quiver ${command.name} takes ${wanted.join(' and ')}, got ${
          positionals.length === 0 ? 'nothing' : positionals.map((p) => JSON.stringify(p)).join(' ')
        }; see quiver help ${command.name}`,
      );
    if (positionals.includes('')) throw new UsageError('A path is empty');
    return new Arguments(positionals, values);
  }

  positional(at: number): string {
    return this.#positionals[at] as string;
  }

  flag(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** @throws {UsageError} */
  whole(name: string, from: number, to: number): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= from && value <= to) return value;
    throw new UsageError(
      `Expected a whole number from ${from} to ${to} for --${name}, got ${JSON.stringify(text)}`,
    );
  }

  /** @throws {UsageError} */
  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const found = allowed.find((one) => one === text);
    if (found !== undefined) return found;
    throw new UsageError(
      `Expected one of ${allowed.join(', ')} for --${name}, got ${JSON.stringify(text)}`,
    );
  }
}

function unknownOption(
  rawName: string,
  name: string,
  known: readonly string[],
  command: Syntax,
): UsageError {
  const near = nearest(name, known);
  const hint =
    near !== undefined
      ? `did you mean --${near}?`
      : known.length === 0
        ? 'it takes none'
        : `known are ${known.map((one) => `--${one}`).join(', ')}`;
  return new UsageError(`Unknown option ${rawName} of quiver ${command.name}: ${hint}`);
}
