import { loadTransformers } from '../host.ts';
import type { EmbeddingsModel, EmbeddingsResponse } from '../types.ts';
import type { FeatureExtractor } from './transformers-library.ts';

export interface LocalEmbeddingsOptions {
  /** @default 'Xenova/all-MiniLM-L6-v2' */
  model?: string;
  /** @default 256 */
  maxTokens?: number;
}

/** A model that runs here, loaded when it is first asked. Needs the package `@huggingface/transformers`. */
export class LocalEmbeddings implements EmbeddingsModel {
  readonly maxTokens: number;
  readonly model: string;
  #extractor: Promise<FeatureExtractor> | undefined;

  constructor(options: LocalEmbeddingsOptions = {}) {
    this.model = options.model ?? 'Xenova/all-MiniLM-L6-v2';
    this.maxTokens = options.maxTokens ?? 256;
  }

  async createEmbeddings(inputs: string | string[]): Promise<EmbeddingsResponse> {
    try {
      const extract = await this.#load();
      const output: number[][] = [];
      for (const input of [inputs].flat()) {
        const { data } = await extract(input, { pooling: 'mean', normalize: true });
        output.push(Array.from(data));
      }
      return { status: 'success', output };
    } catch (error) {
      return { status: 'error', message: error instanceof Error ? error.message : String(error) };
    }
  }

  #load(): Promise<FeatureExtractor> {
    this.#extractor ??= loadTransformers(
      'The @huggingface/transformers package is required for local embeddings. Install it with: npm install @huggingface/transformers',
    )
      .then((library) => library.pipeline('feature-extraction', this.model))
      .catch((error: unknown) => {
        // The next call tries again.
        this.#extractor = undefined;
        throw error;
      });
    return this.#extractor;
  }
}
