// What Node has. The build for browsers takes host-browser.ts instead.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { TransformersLibrary } from './embeddings/transformers-library.ts';
import type { Tokenizer } from './types.ts';

const load = createRequire(import.meta.url);

/** An optional package, by its CommonJS form, because what asks for it cannot wait. Throws what `require` does. */
export const requirePeer = (name: string): unknown => load(name);

/** @huggingface/transformers, as CommonJS where it is that, else as an ES module. */
export async function loadTransformers(message: string): Promise<TransformersLibrary> {
  try {
    return load('@huggingface/transformers') as TransformersLibrary;
  } catch {
    const name: string = '@huggingface/transformers';
    return await import(name).catch((cause: unknown) => {
      throw new Error(message, { cause });
    });
  }
}

/** gpt-tokenizer needs no waiting here. */
export const importTokenizer = async (): Promise<Tokenizer | undefined> => undefined;

export const sha256 = (text: string): string | Promise<string> =>
  createHash('sha256').update(text).digest('hex');
