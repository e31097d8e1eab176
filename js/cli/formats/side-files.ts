import { type Metadata, QuiverError } from '../../index.ts';
import { InputFile } from '../files/input.ts';
import { type Line, linesOf } from '../files/lines.ts';
import type { ReadItem, Source } from './format.ts';
import { parseObject } from './jsonl.ts';

export interface SideFiles {
  /** One id a line. */
  readonly ids?: string | undefined;
  /** One JSON object a line. */
  readonly metadata?: string | undefined;
}

/** The items of a source of bare vectors, with ids and metadata from other files, a line a row. */
export class WithSideFiles implements Source {
  readonly unit = 'row';
  readonly dimensions?: number;
  readonly #source: Source;
  readonly #ids: LineFile | undefined;
  readonly #metadata: LineFile | undefined;

  private constructor(source: Source, ids: LineFile | undefined, metadata: LineFile | undefined) {
    this.#source = source;
    this.#ids = ids;
    this.#metadata = metadata;
    if (source.dimensions !== undefined) this.dimensions = source.dimensions;
  }

  static async open(source: Source, files: SideFiles): Promise<Source> {
    const ids = files.ids === undefined ? undefined : await LineFile.open(files.ids);
    try {
      const metadata =
        files.metadata === undefined ? undefined : await LineFile.open(files.metadata);
      return new WithSideFiles(source, ids, metadata);
    } catch (error) {
      await ids?.file.close();
      throw error;
    }
  }

  get fraction(): number | undefined {
    return this.#source.fraction;
  }

  async *items(): AsyncGenerator<ReadItem, void, undefined> {
    for await (const { item, place, bytes } of this.#source.items()) {
      const id = await this.#ids?.at(place);
      const metadata = await this.#metadata?.at(place);
      yield {
        item: {
          ...item,
          ...(id === undefined ? {} : { id: this.#id(id) }),
          ...(metadata === undefined ? {} : { metadata: this.#object(metadata) }),
        },
        place,
        bytes: bytes + (id?.text.length ?? 0) + (metadata?.text.length ?? 0),
      };
    }
    await this.#ids?.finish();
    await this.#metadata?.finish();
  }

  async close(): Promise<void> {
    await this.#source.close();
    await this.#ids?.file.close();
    await this.#metadata?.file.close();
  }

  #id({ number, text }: Line): string {
    if (text !== '') return text;
    throw new QuiverError('INVALID_ID', `${this.#ids?.file.path}: line ${number} is empty`);
  }

  #object({ number, text }: Line): Metadata {
    return parseObject(text, (problem) => {
      const { file } = this.#metadata as LineFile;
      return file.corrupt(`line ${number} ${problem}`);
    }) as Metadata;
  }
}

class LineFile {
  readonly file: InputFile;
  readonly #lines: AsyncGenerator<Line, void, undefined>;

  private constructor(file: InputFile) {
    this.file = file;
    this.#lines = linesOf(file);
  }

  static async open(path: string): Promise<LineFile> {
    return new LineFile(await InputFile.open(path));
  }

  /** The line of a row; rows must be asked for in order. */
  async at(row: number): Promise<Line> {
    const step = await this.#lines.next();
    if (step.done === true)
      throw this.file.corrupt(`it has ${row} lines, but the vectors go on with row ${row}`);
    return step.value;
  }

  /** There must be no line for which there was no row. */
  async finish(): Promise<void> {
    const step = await this.#lines.next();
    if (step.done !== true)
      throw this.file.corrupt(
        `it goes on with line ${step.value.number}, but the vectors end before`,
      );
  }
}
