import { type FoundItem, QuiverError } from '../../index.ts';
import { UsageError } from '../failure.ts';
import { InputFile } from '../files/input.ts';
import { OutputFile } from '../files/output.ts';
import type { Format, ReadItem, Sink, SinkOptions, Source } from './format.ts';
import { metadataLine } from './jsonl.ts';
import { magic, maxHeaderBytes, npyHeader, parseNpyHeader } from './npy-header.ts';
import { hostIsLittle, type NumberType, numberTypes, swapBytes } from './numbers.ts';

const maxDimensions = 65536;
/** Rows are read together until they are about this long. */
const readBytes = 1 << 20;

interface Layout {
  readonly rows: number;
  readonly dimensions: number;
  readonly type: NumberType;
  readonly swapped: boolean;
}

/** NumPy's arrays: one 2-D array, a vector a row. */
export const npy: Format = {
  name: 'npy',
  endings: ['.npy'],
  bare: true,
  read: async (path) => {
    const file = await InputFile.open(path);
    try {
      return new NpySource(file, await readLayout(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  },
  write: (path, options) => NpySink.create(path, options),
};

async function readLayout(file: InputFile): Promise<Layout> {
  const start = await file.take(8);
  if (start.length < 8 || !start.subarray(0, 6).equals(magic))
    throw file.corrupt('it does not start as a .npy file does');
  const version = start[6] as number;
  if (version < 1 || version > 3)
    throw file.unsupported(`its version is ${version}, expected 1, 2 or 3`);
  const lengthBytes = await file.take(version === 1 ? 2 : 4);
  if (lengthBytes.length < (version === 1 ? 2 : 4)) throw file.corrupt('it ends in its header');
  const length = lengthBytes.readUIntLE(0, lengthBytes.length);
  if (length > maxHeaderBytes)
    throw file.corrupt(`its header has ${length} bytes, expected at most ${maxHeaderBytes}`);
  const text = await file.take(length);
  if (text.length < length) throw file.corrupt('it ends in its header');
  // Version 3 may hold UTF-8, but only in names of fields, which are refused anyhow.
  const header = parseNpyHeader(text.toString('latin1'));
  if (typeof header === 'string') throw file.corrupt(header);
  const { descr, fortranOrder, shape } = header;
  if (fortranOrder)
    throw file.unsupported(
      'it is stored column by column (fortran_order); save it with numpy.ascontiguousarray',
    );
  const [rows = 0, dimensions = 0] = shape;
  if (shape.length !== 2)
    throw file.unsupported(
      `its shape is (${shape.join(', ')}), expected two numbers: rows and dimensions`,
    );
  const order = descr[0] ?? '';
  const name = descr.slice(1);
  const type = Object.hasOwn(numberTypes, name) ? numberTypes[name] : undefined;
  if (type === undefined || !'<>|='.includes(order) || (order === '|' && type.bytes > 1))
    throw file.unsupported(
      `its numbers are ${JSON.stringify(descr)}, expected one of ${Object.keys(numberTypes).join(', ')}`,
    );
  if (rows > 0 && (dimensions < 1 || dimensions > maxDimensions))
    throw file.unsupported(
      `its vectors have ${dimensions} numbers, expected 1 to ${maxDimensions}`,
    );
  // BigInt: the product of two honest numbers need not be one that float64 holds.
  const expected = BigInt(rows) * BigInt(dimensions) * BigInt(type.bytes);
  if (file.size !== undefined && expected !== BigInt(file.size - file.position))
    throw file.corrupt(
      `its header promises ${expected} bytes of data (${rows} × ${dimensions} × ${type.bytes}), but ${file.size - file.position} follow`,
    );
  const swapped = type.bytes > 1 && order !== '=' && (order === '<') !== hostIsLittle;
  return { rows, dimensions, type, swapped };
}

class NpySource implements Source {
  readonly unit = 'row';
  readonly dimensions?: number;
  readonly #file: InputFile;
  readonly #layout: Layout;

  constructor(file: InputFile, layout: Layout) {
    this.#file = file;
    this.#layout = layout;
    if (layout.dimensions > 0) this.dimensions = layout.dimensions;
  }

  get fraction(): number | undefined {
    return this.#file.fraction;
  }

  async *items(): AsyncGenerator<ReadItem, void, undefined> {
    const { rows, dimensions, type, swapped } = this.#layout;
    const rowBytes = dimensions * type.bytes;
    const together = Math.max(1, Math.floor(readBytes / Math.max(1, rowBytes)));
    for (let row = 0; row < rows; ) {
      const count = Math.min(together, rows - row);
      const data = await this.#file.take(count * rowBytes);
      if (data.length < count * rowBytes)
        throw this.#file.corrupt(`it ends in row ${row + Math.floor(data.length / rowBytes)}`);
      if (swapped) swapBytes(data, type.bytes);
      for (let i = 0; i < count; i++, row++) {
        const vector = type.view(data.buffer as ArrayBuffer, i * rowBytes, dimensions);
        yield { item: { vector }, place: row, bytes: dimensions * 4 };
      }
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The files that go with NAME.npy. */
export function besides(path: string): { readonly ids: string; readonly metadata: string } {
  const stem = path.replace(/\.npy$/i, '');
  return { ids: `${stem}.ids.txt`, metadata: `${stem}.metadata.jsonl` };
}

class NpySink implements Sink {
  readonly #files: readonly [vectors: OutputFile, ids: OutputFile, metadata: OutputFile];
  readonly #dimensions: number;
  #rows = 0;

  private constructor(files: readonly [OutputFile, OutputFile, OutputFile], dimensions: number) {
    this.#files = files;
    this.#dimensions = dimensions;
  }

  static async create(path: string, options: SinkOptions): Promise<NpySink> {
    if (!options.vectors) throw new UsageError('A .npy file is vectors: --no-vectors is for jsonl');
    const { ids, metadata } = besides(path);
    const files: OutputFile[] = [];
    try {
      for (const each of [path, ids, metadata]) files.push(await OutputFile.create(each));
      const [first, second, third] = files as [OutputFile, OutputFile, OutputFile];
      await first.write(npyHeader(0, options.dimensions));
      return new NpySink([first, second, third], options.dimensions);
    } catch (error) {
      for (const file of files) await file.discard();
      throw error;
    }
  }

  get paths(): readonly string[] {
    return this.#files.map(({ path }) => path);
  }

  async write(items: readonly FoundItem[]): Promise<void> {
    const [vectors, ids, metadata] = this.#files;
    const rowBytes = this.#dimensions * 4;
    const data = Buffer.allocUnsafe(items.length * rowBytes);
    let idLines = '';
    let metadataLines = '';
    for (const [i, item] of items.entries()) {
      const { buffer, byteOffset, byteLength } = item.vector as Float32Array;
      data.set(new Uint8Array(buffer, byteOffset, byteLength), i * rowBytes);
      idLines += this.#idLine(item.id);
      metadataLines += `${metadataLine(item.metadata)}\n`;
      this.#rows++;
    }
    if (!hostIsLittle) data.swap32();
    await vectors.write(data);
    await ids.write(idLines);
    await metadata.write(metadataLines);
  }

  async finish(): Promise<void> {
    const [vectors] = this.#files;
    await vectors.overwriteStart(npyHeader(this.#rows, this.#dimensions));
    for (const file of this.#files) await file.finish();
    // The vectors come last: where they are, the others are.
    for (const file of this.#files.toReversed()) await file.publish();
  }

  async discard(): Promise<void> {
    for (const file of this.#files) await file.discard();
  }

  #idLine(id: string): string {
    if (/[\r\n]/.test(id))
      throw new QuiverError(
        'INVALID_ID',
        `The id ${JSON.stringify(id)} has a line break, which a file of one id a line cannot hold; export to .jsonl`,
        { id },
      );
    // A reader takes one mark at the start of a file for a mark and not for text.
    return `${this.#rows === 0 && id.startsWith('\ufeff') ? '\ufeff' : ''}${id}\n`;
  }
}
