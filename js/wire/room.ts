import { ValueReader } from './msgpack-reader.ts';

/** Memory for a request and, once that has been read, for the response in its place. */
export class Room {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly floats: Float32Array;
  #values: ValueReader | undefined;

  constructor(size: number) {
    this.bytes = new Uint8Array(Math.ceil(size / 4) * 4);
    this.words = new Uint32Array(this.bytes.buffer);
    this.floats = new Float32Array(this.bytes.buffer);
  }

  get values(): ValueReader {
    this.#values ??= new ValueReader(this.bytes);
    return this.#values;
  }
}

/** What usual requests and responses fit in; memory for them is not made anew each time. */
const usualSize = 1 << 16;
let spare: Room | undefined;

/** Room of at least `size` bytes, which is to be given back before anything is awaited. */
export function takeRoom(size: number): Room {
  // There is none while a call has it: a getter among a vector's numbers may ask something itself.
  if (spare === undefined || size > usualSize) return new Room(Math.max(size, usualSize));
  const room = spare;
  spare = undefined;
  return room;
}

export function giveRoom(room: Room): void {
  if (room.bytes.length === usualSize) spare = room;
}
