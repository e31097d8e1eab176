// The mark is part of the text here; by default a decoder drops it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Up to this many bytes a loop beats the call into TextDecoder. */
const shortText = 16;

/** Decodes UTF-8. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortText) {
    let result = '';
    let i = start;
    for (; i < end; i++) {
      const unit = bytes[i] as number;
      if (unit >= 0x80) break;
      result += String.fromCharCode(unit);
    }
    if (i === end) return result;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Texts longer than this are no keys of many items. */
const longestKey = 32;
const slots = 256;

interface KnownText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const known = new Array<KnownText | undefined>(slots).fill(undefined);

/** As {@link readText}, for texts that come again with every item: comparing their bytes beats making them anew. */
export function readKey(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0 || length > longestKey) return readText(bytes, start, end);
  let hash = length;
  for (let i = start; i < end; i++) hash = (hash * 31 + (bytes[i] as number)) | 0;
  const slot = hash & (slots - 1);
  const found = known[slot];
  if (found !== undefined && isAt(found.bytes, bytes, start, length)) return found.text;
  // The name of a property is a text that objects need not look up.
  const text = Object.keys({ [readText(bytes, start, end)]: 0 })[0] as string;
  known[slot] = { bytes: bytes.slice(start, end), text };
  return text;
}

function isAt(wanted: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (wanted.length !== length) return false;
  for (let i = 0; i < length; i++) if (wanted[i] !== bytes[start + i]) return false;
  return true;
}
