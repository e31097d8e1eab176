import type { PreTrainedTokenizer } from '../transformers-tokenizer.ts';

export interface Tensor {
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
}

export interface FeatureExtractor {
  (
    inputs: string | string[],
    options: { pooling: 'mean' | 'cls' | 'none'; normalize: boolean },
  ): Promise<Tensor>;
  readonly tokenizer: PreTrainedTokenizer;
}

/** What is used of @huggingface/transformers. */
export interface TransformersLibrary {
  pipeline(
    task: 'feature-extraction',
    model: string,
    options?: Record<string, unknown>,
  ): Promise<FeatureExtractor>;
}
