// The mark is part of the text here; by default a decoder drops it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Below this many bytes a loop beats the call into TextDecoder. */
const shortText = 48;

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
