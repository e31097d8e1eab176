import { loadTransformers } from '../host.ts';
import { TransformersTokenizer } from '../transformers-tokenizer.ts';
import type { EmbeddingsModel, EmbeddingsResponse } from '../types.ts';
import type { FeatureExtractor } from './transformers-library.ts';

export interface TransformersEmbeddingsOptions {
  /** @default 'Xenova/all-MiniLM-L6-v2' */
  model?: string;
  /** @default 512 */
  maxTokens?: number;
  /** @default 'auto' */
  device?: 'auto' | 'gpu' | 'cpu' | 'wasm';
  /** The numbers of the model. @default 'fp32' */
  dtype?: 'fp32' | 'fp16' | 'q8' | 'q4';
  /** Makes every vector's length 1. @default true */
  normalize?: boolean;
  /** How the vectors of tokens become one. @default 'mean' */
  pooling?: 'mean' | 'cls' | 'none';
  /** Is told how loading the model goes on. */
  progressCallback?: (progress: {
    status: string;
    file?: string;
    progress?: number;
    loaded?: number;
    total?: number;
  }) => void;
}

/** A model of @huggingface/transformers with a device and a precision of choice. Made by {@link TransformersEmbeddings.create}. */
export class TransformersEmbeddings implements EmbeddingsModel {
  readonly maxTokens: number;
  readonly model: string;
  readonly #extractor: FeatureExtractor;
  readonly #pooling: 'mean' | 'cls' | 'none';
  readonly #normalize: boolean;

  private constructor(extractor: FeatureExtractor, options: TransformersEmbeddingsOptions) {
    this.#extractor = extractor;
    this.model = options.model ?? 'Xenova/all-MiniLM-L6-v2';
    this.maxTokens = options.maxTokens ?? 512;
    this.#pooling = options.pooling ?? 'mean';
    this.#normalize = options.normalize ?? true;
  }

  /** Loads a model. */
  static async create(
    options: TransformersEmbeddingsOptions = {},
  ): Promise<TransformersEmbeddings> {
    const library = await loadTransformers(
      'TransformersEmbeddings requires @huggingface/transformers. Install it with: npm install @huggingface/transformers',
    );
    const { model = 'Xenova/all-MiniLM-L6-v2', progressCallback } = options;
    const extractor = await library.pipeline('feature-extraction', model, {
      device: options.device ?? 'auto',
      dtype: options.dtype ?? 'fp32',
      ...(progressCallback ? { progress_callback: progressCallback } : {}),
    });
    return new TransformersEmbeddings(extractor, options);
  }

  /** The model's own tokens, so that chunks are as long as it takes. */
  getTokenizer(): TransformersTokenizer {
    return new TransformersTokenizer(this.#extractor.tokenizer);
  }

  async createEmbeddings(inputs: string | string[]): Promise<EmbeddingsResponse> {
    try {
      const texts = [inputs].flat();
      const options = { pooling: this.#pooling, normalize: this.#normalize };
      const { dims, data } = await this.#extractor(texts, options);
      const [count = 0, dimensions = 0] = dims;
      const numbers = Array.from(data);
      const output = Array.from({ length: count }, (_, number) =>
        numbers.slice(number * dimensions, (number + 1) * dimensions),
      );
      return { status: 'success', output, model: this.model };
    } catch (error) {
      const message = `Error generating embeddings: ${(error as Error).message}`;
      return { status: 'error', message };
    }
  }
}
