import type { FoundItem } from '../../index.ts';
import { InputFile } from '../files/input.ts';
import { linesOf } from '../files/lines.ts';
import { OutputFile } from '../files/output.ts';
import type { Format, ReadItem, Sink, SinkOptions, Source } from './format.ts';
import { itemOf } from './json-item.ts';

/** One JSON object a line: an id, a vector, metadata. */
export const jsonl: Format = {
  name: 'jsonl',
  endings: ['.jsonl', '.ndjson'],
  read: async (path) => new JsonlSource(await InputFile.open(path)),
  write: async (path, options) => new JsonlSink(await OutputFile.create(path), options),
};

class JsonlSource implements Source {
  readonly unit = 'line';
  readonly #file: InputFile;

  constructor(file: InputFile) {
    this.#file = file;
  }

  get fraction(): number | undefined {
    return this.#file.fraction;
  }

  async *items(): AsyncGenerator<ReadItem, void, undefined> {
    for await (const { number, text } of linesOf(this.#file)) {
      if (text.trim() === '') continue;
      const place = `line ${number}`;
      const value = parseObject(text, (problem) => this.#file.corrupt(`${place} ${problem}`));
      const { item } = itemOf(value, (problem) => this.#file.corrupt(`${place}: ${problem}`));
      yield { item, place: number, bytes: text.length };
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** @throws what `refuse` makes, unless the text is a JSON object. */
export function parseObject(
  text: string,
  refuse: (problem: string) => Error,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw refuse('is no JSON object');
}

class JsonlSink implements Sink {
  readonly #file: OutputFile;
  readonly #vectors: boolean;

  constructor(file: OutputFile, options: SinkOptions) {
    this.#file = file;
    this.#vectors = options.vectors;
  }

  get paths(): readonly string[] {
    return [this.#file.path];
  }

  async write(items: readonly FoundItem[]): Promise<void> {
    for (const { id, vector, metadata } of items) {
      const middle = this.#vectors ? `"vector":${vectorText(vector as Float32Array)},` : '';
      await this.#file.write(
        `{"id":${JSON.stringify(id)},${middle}"metadata":${metadataLine(metadata)}}\n`,
      );
    }
  }

  async finish(): Promise<void> {
    await this.#file.finish();
    await this.#file.publish();
  }

  async discard(): Promise<void> {
    await this.#file.discard();
  }
}

/** Nine digits tell every float32 from its neighbours; the exact value would take up to twice as many. */
export function vectorText(vector: Float32Array): string {
  let text = '[';
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number;
    if (i > 0) text += ',';
    if (Number.isInteger(value)) {
      text += numberText(value);
      continue;
    }
    // Few have zeros at the end; to drop them from all would take three times as long.
    const digits = value.toPrecision(9);
    text += digits.endsWith('0') ? String(Number(digits)) : digits;
  }
  return `${text}]`;
}

/** As JSON.stringify, which would lose the sign of -0. */
export function metadataLine(value: unknown): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(metadataLine).join(',')}]`;
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}:${metadataLine(each)}`)
    .join(',')}}`;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
