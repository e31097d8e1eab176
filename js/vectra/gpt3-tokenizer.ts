import { importTokenizer } from './host.ts';
import { missing, peer } from './peers.ts';
import type { Tokenizer } from './types.ts';

let library: Tokenizer | undefined;

function loaded(): Tokenizer {
  library ??= peer<Tokenizer>('gpt-tokenizer', missing('GPT3Tokenizer', 'gpt-tokenizer'));
  return library;
}

/** The tokens of OpenAI's models. Needs the package `gpt-tokenizer`. */
export class GPT3Tokenizer implements Tokenizer {
  /**
   * Loads the package. Only browsers need that, before the first {@link encode} or {@link decode}; a `LocalDocumentIndex`
   * does it by itself.
   */
  static async load(): Promise<void> {
    library ??= await importTokenizer();
  }

  /** @throws when `gpt-tokenizer` is not installed or, in browsers, not loaded */
  encode(text: string): number[] {
    return loaded().encode(text);
  }

  decode(tokens: number[]): string {
    return loaded().decode(tokens);
  }
}
