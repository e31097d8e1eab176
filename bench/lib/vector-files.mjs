// Files of vectors: read whole, as float32 rows.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename, extname } from 'node:path';

/** The whole file; also one beyond the 2 GB that readFileSync takes. */
export function readBytes(path) {
  const file = openSync(path);
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(file, bytes, at, Math.min(2 ** 30, bytes.length - at), at);
      if (read === 0) throw new Error(`${path} ended at byte ${at} of ${bytes.length}`);
      at += read;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  return exponent === 0
    ? sign * mantissa * 2 ** -24
    : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Raw numbers without a header. */
const raw = {
  '.u8bin': (bytes) => Float32Array.from(bytes),
  '.f16bin': (bytes) => Float32Array.from(new Uint16Array(bytes.buffer), fromHalf),
};

export function readRaw(path) {
  return raw[extname(path)](readBytes(path));
}

/**
 * Rows with their length before each: .fvecs and .ivecs (http://corpus-texmex.irisa.fr).
 *
 * @param {string} path
 * @param {Float32ArrayConstructor | Int32ArrayConstructor} Numbers
 */
export function readVecs(path, Numbers = Float32Array) {
  const bytes = readBytes(path);
  const view = new DataView(bytes.buffer);
  const dimensions = bytes.length >= 4 ? view.getInt32(0, true) : 0;
  const stride = 4 + dimensions * 4;
  if (dimensions < 1 || bytes.length % stride !== 0)
    throw new Error(`${path} is no ${extname(path)} file of rows of one length`);
  const rows = bytes.length / stride;
  const all = new Numbers(rows * dimensions);
  const source = new Numbers(bytes.buffer);
  for (let row = 0; row < rows; row++) {
    const start = row * (dimensions + 1);
    if (view.getInt32(start * 4, true) !== dimensions)
      throw new Error(`${path}: row ${row} has another length than the first`);
    all.set(source.subarray(start + 1, start + 1 + dimensions), row * dimensions);
  }
  return { all, dimensions };
}

/** A matrix of little-endian numbers, as numpy.save writes it. */
function readNpy(path) {
  const bytes = readBytes(path);
  const isNpy = Buffer.from(bytes.buffer, 0, 6).toString('latin1') === '\x93NUMPY';
  if (!isNpy) throw new Error(`${path} is no .npy file`);
  const view = new DataView(bytes.buffer);
  const start = bytes[6] === 1 ? 10 : 12;
  const end = start + (bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = Buffer.from(bytes.buffer, start, end - start).toString('latin1');
  const [, kind] = /'descr': '[<|]([a-z]\d)'/.exec(header) ?? [];
  const [, rows, dimensions] = /'shape': \((\d+), (\d+),?\)/.exec(header) ?? [];
  const read = {
    f2: (data) => Float32Array.from(new Uint16Array(data), fromHalf),
    f4: (data) => new Float32Array(data),
    f8: (data) => Float32Array.from(new Float64Array(data)),
    u1: (data) => Float32Array.from(new Uint8Array(data)),
  }[kind];
  if (!read || rows === undefined || !header.includes("'fortran_order': False"))
    throw new Error(`${path}: expected rows of float16, 32, 64 or uint8, got ${header.trim()}`);
  const all = read(bytes.buffer.slice(end));
  if (all.length !== rows * dimensions)
    throw new Error(`${path} has ${all.length} numbers instead of ${rows} × ${dimensions}`);
  return { all, dimensions: Number(dimensions) };
}

/** uint8 after two words, rows and dimensions (https://big-ann-benchmarks.com). */
function readU8bin(path) {
  const bytes = readBytes(path);
  const [rows, dimensions] = bytes.length >= 8 ? new Uint32Array(bytes.buffer, 0, 2) : [0, 0];
  if (dimensions === 0 || bytes.length !== 8 + rows * dimensions)
    throw new Error(`${path} does not begin with its numbers of rows and dimensions`);
  return { all: Float32Array.from(bytes.subarray(8)), dimensions };
}

const formats = { '.fvecs': readVecs, '.npy': readNpy, '.u8bin': readU8bin };

/** {all: Float32Array of rows × dimensions, dimensions}. */
export function readVectors(path) {
  const read = formats[extname(path)];
  if (!read)
    throw new Error(`${basename(path)}: expected a ${Object.keys(formats).join(', ')} file`);
  return read(path);
}
