import type { TransformersLibrary } from './embeddings/transformers-library.ts';
import type { Tokenizer } from './types.ts';

export function requirePeer(name: string): unknown {
  throw new Error(`${name} cannot be loaded at once in a browser`);
}

export async function loadTransformers(message: string): Promise<TransformersLibrary> {
  try {
    return (await import('@huggingface/transformers')) as unknown as TransformersLibrary;
  } catch (cause) {
    throw new Error(message, { cause });
  }
}

/** Loaded at once nowhere, but the code that needs it can wait for it first. */
export const importTokenizer = async (): Promise<Tokenizer | undefined> =>
  await import('gpt-tokenizer');

export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
