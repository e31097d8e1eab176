// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

/** What the header of a .npy file says. */
export interface NpyHeader {
  /** NumPy's name of the type, such as `<f4`. */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** The version's two bytes follow, and then the length of the text. */
export const magic: Uint8Array = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

/** NumPy itself reads no more than 10,000 characters unless it is told to trust the file. */
export const maxHeaderBytes: number = 1 << 16;

const entry =
  /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(((?:\s*\d{1,16}L?\s*,)*(?:\s*\d{1,16}L?)?\s*)\))\s*(,|(?=\}))/y;

/**
 * Reads the header's text, a Python dictionary of three entries.
 *
 * @returns what is wrong with it, as a text, if anything is.
 */
export function parseNpyHeader(text: string): NpyHeader | string {
  const start = /^\s*\{/.exec(text);
  if (start === null) return 'its header is no dictionary';
  const found = new Map<string, { text?: string; flag?: boolean; shape?: readonly number[] }>();
  let at = start[0].length;
  for (;;) {
    entry.lastIndex = at;
    const match = entry.exec(text);
    if (match === null) break;
    at = entry.lastIndex;
    const [, , name = '', , quoted, flag, shape] = match;
    if (found.has(name)) return `its header has ${name} twice`;
    if (quoted !== undefined) found.set(name, { text: quoted });
    else if (flag !== undefined) found.set(name, { flag: flag === 'True' });
    else
      found.set(name, {
        shape: (shape?.match(/\d+/g) ?? []).map(Number),
      });
  }
  if (!/^\s*\}\s*$/.test(text.slice(at)))
    return `its header cannot be read from ${JSON.stringify(text.slice(at, at + 40))} on`;
  const descr = found.get('descr')?.text;
  const fortranOrder = found.get('fortran_order')?.flag;
  const shape = found.get('shape')?.shape;
  if (descr === undefined || fortranOrder === undefined || shape === undefined || found.size !== 3)
    return 'its header must have descr, fortran_order and shape, and nothing else';
  if (!shape.every(Number.isSafeInteger)) return 'its shape has a number that is too large';
  return { descr, fortranOrder, shape };
}

/** The bytes before the data of a 2-D float32 array: as many for any number of rows, so that they can be replaced. */
export function npyHeader(rows: number, dimensions: number): Buffer {
  const size = 128;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimensions}), }`;
  const header = Buffer.alloc(size, 0x20);
  header.set(magic);
  header.writeUInt8(1, 6);
  header.writeUInt8(0, 7);
  header.writeUInt16LE(size - 10, 8);
  header.write(text, 10, 'latin1');
  header.writeUInt8(0x0a, size - 1);
  return header;
}
