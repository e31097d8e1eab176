// The mark is part of the text here; by default a decoder drops it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Up to this many bytes it is quicker to put a text together than to call a decoder. */
const shortText = 20;

/** Decodes UTF-8. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortText) {
    let bits = 0;
    for (let i = start; i < end; i++) bits |= bytes[i] as number;
    if (bits < 0x80) return readAscii(bytes, start, end);
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** By four, because each addition makes a text of its own. */
function readAscii(bytes: Uint8Array, start: number, end: number): string {
  const at = (i: number): number => bytes[i] as number;
  let text = '';
  let i = start;
  for (; i + 4 <= end; i += 4) {
    text += String.fromCharCode(at(i), at(i + 1), at(i + 2), at(i + 3));
  }
  switch (end - i) {
    case 1:
      return text + String.fromCharCode(at(i));
    case 2:
      return text + String.fromCharCode(at(i), at(i + 1));
    case 3:
      return text + String.fromCharCode(at(i), at(i + 1), at(i + 2));
    default:
      return text;
  }
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
  const middle = start + (length >> 1);
  const mixed =
    (bytes[start] as number) * 5 + (bytes[middle] as number) * 17 + (bytes[end - 1] as number) * 3;
  const slot = (mixed + length * 29) % slots;
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
