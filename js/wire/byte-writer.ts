const encoder = new TextEncoder();
/** Below this many units a loop beats the call into TextEncoder. */
const shortText = 48;

/** Bytes that grow by doubling. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #view: DataView = new DataView(this.#bytes.buffer);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** What was written. Shares memory with the writer: use it before writing more. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#size++] = value;
  }

  /** Big-endian, as MessagePack has it; so are the next ones. */
  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#size, value);
    this.#size += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#size, value);
    this.#size += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#size, value);
    this.#size += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** Replaces bytes written earlier, by `write`, which must write as many. */
  patch(at: number, write: () => void): void {
    const end = this.#size;
    this.#size = at;
    write();
    this.#size = end;
  }

  /** Drops what was written after the size was `size`. */
  truncate(size: number): void {
    this.#size = size;
  }

  /** UTF-8 without a length. Returns the bytes written, or -1 (and writes nothing) for a lone surrogate. */
  text(text: string): number {
    const length = text.length;
    // A unit takes 3 bytes at most.
    this.#reserve(length * 3);
    const start = this.#size;
    let at = start;
    if (length <= shortText) {
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit >= 0x80) break;
        this.#bytes[at++] = unit;
      }
      if (i === length) {
        this.#size = at;
        return length;
      }
    }
    if (hasLoneSurrogate(text)) return -1;
    this.#size = start + encoder.encodeInto(text, this.#bytes.subarray(start)).written;
    return this.#size - start;
  }

  #reserve(more: number): void {
    const needed = this.#size + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

// With the u flag a well-formed pair is one character, so only a lone half matches.
const loneSurrogate = /[\uD800-\uDFFF]/u;

export function hasLoneSurrogate(text: string): boolean {
  return loneSurrogate.test(text);
}
