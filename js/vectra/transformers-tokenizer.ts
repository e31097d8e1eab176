import type { Tokenizer } from './types.ts';

/** What is used of a tokenizer of @huggingface/transformers. */
export interface PreTrainedTokenizer {
  (text: string): unknown;
  decode(tokens: number[], options: { skip_special_tokens: boolean }): string;
}

type Ids = Iterable<number | bigint>;

/** The tokens of a model of @huggingface/transformers. */
export class TransformersTokenizer implements Tokenizer {
  readonly #tokenizer: PreTrainedTokenizer;

  constructor(tokenizer: PreTrainedTokenizer) {
    this.#tokenizer = tokenizer;
  }

  encode(text: string): number[] {
    const encoded = this.#tokenizer(text) as { input_ids?: { data?: Ids } & Ids } & Ids;
    const ids: Ids = encoded.input_ids?.data ?? encoded.input_ids ?? encoded;
    return Array.from(ids, Number);
  }

  decode(tokens: number[]): string {
    return this.#tokenizer.decode(tokens, { skip_special_tokens: true });
  }
}
