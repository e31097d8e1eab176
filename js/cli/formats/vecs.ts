// http://corpus-texmex.irisa.fr: each row is its length as an int32, little-endian, and that many numbers.
import { InputFile } from '../files/input.ts';
import type { Format, ReadItem, Source } from './format.ts';
import { hostIsLittle, type NumberType, numberTypes, swapBytes } from './numbers.ts';

const maxDimensions = 65536;
const readBytes = 1 << 20;

export const fvecs: Format = vecs('fvecs', numberTypes['f4'] as NumberType);
export const bvecs: Format = vecs('bvecs', numberTypes['u1'] as NumberType);
export const ivecs: Format = {
  name: 'ivecs',
  endings: ['.ivecs'],
  refused:
    'an .ivecs file holds row numbers, such as the true neighbours of queries, and no vectors',
};

function vecs(name: string, type: NumberType): Format {
  return {
    name,
    endings: [`.${name}`],
    bare: true,
    read: async (path) => {
      const file = await InputFile.open(path);
      try {
        const head = await file.take(4);
        if (head.length === 0) return new VecsSource(file, type, 0);
        if (head.length < 4) throw file.corrupt('it ends in row 0');
        const dimensions = head.readInt32LE(0);
        if (dimensions < 1 || dimensions > maxDimensions)
          throw file.corrupt(
            `the vector of row 0 has ${dimensions} numbers, expected 1 to ${maxDimensions}`,
          );
        return new VecsSource(file, type, dimensions);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
  };
}

class VecsSource implements Source {
  readonly unit = 'row';
  readonly dimensions?: number;
  readonly #file: InputFile;
  readonly #type: NumberType;

  /** @param dimensions - those of the first row, whose length was read; 0 for an empty file. */
  constructor(file: InputFile, type: NumberType, dimensions: number) {
    this.#file = file;
    this.#type = type;
    if (dimensions > 0) this.dimensions = dimensions;
  }

  get fraction(): number | undefined {
    return this.#file.fraction;
  }

  async *items(): AsyncGenerator<ReadItem, void, undefined> {
    const dimensions = this.dimensions;
    if (dimensions === undefined) return;
    const type = this.#type;
    const vectorBytes = dimensions * type.bytes;
    // A row of a read is a vector and the length of the next one, which the last row of the file lacks.
    const rowBytes = vectorBytes + 4;
    const together = Math.max(1, Math.floor(readBytes / rowBytes));
    let row = 0;
    for (;;) {
      const data = await this.#file.take(together * rowBytes);
      const whole = Math.floor((data.length + 4) / rowBytes);
      for (let i = 0; i < whole; i++, row++) {
        const at = i * rowBytes;
        const next = at + vectorBytes;
        // Views need a place that is a multiple of the numbers' size, which `at` is: rows are 4 + 4n bytes, or bytes.
        const bytes = data.subarray(at, next);
        if (!hostIsLittle) swapBytes(bytes, type.bytes);
        const vector = type.view(data.buffer as ArrayBuffer, at, dimensions);
        yield { item: { vector }, place: row, bytes: dimensions * 4 };
        if (next === data.length) return;
        if (next + 4 > data.length) throw this.#file.corrupt(`it ends in row ${row + 1}`);
        const length = data.readInt32LE(next);
        if (length !== dimensions)
          throw this.#file.corrupt(
            `the vector of row ${row + 1} has ${length} numbers, those before have ${dimensions}`,
          );
      }
      if (data.length < together * rowBytes) throw this.#file.corrupt(`it ends in row ${row}`);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
