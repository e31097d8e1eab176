import { sha256 } from './host.ts';
import type { MetadataTypes } from './types.ts';

/** SHA-256, in hexadecimal digits, of what a document is made from; in which order its metadata come does not matter. */
export function computeContentHash(
  text: string,
  docType?: string,
  metadata: Record<string, MetadataTypes> = {},
): string | Promise<string> {
  const sorted = Object.keys(metadata)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
  return sha256([text, docType ?? '', `{${sorted.join(',')}}`].join('\0'));
}
