import type { EmbeddingsModel, EmbeddingsResponse } from '../types.ts';

export interface BaseOpenAIEmbeddingsOptions {
  /** How many dimensions to ask for, of models that can shorten their vectors. */
  dimensions?: number;
  /** Writes requests and responses to the console. @default false */
  logRequests?: boolean;
  /** @default 500 */
  maxTokens?: number;
  /** How long to wait before each further attempt when the service is busy, in milliseconds. @default [2000, 5000] */
  retryPolicy?: number[];
  /** For `fetch`; its headers go before those of this class. */
  requestConfig?: RequestInit;
}

/** A server of one's own with OpenAI's API. */
export interface OSSEmbeddingsOptions extends BaseOpenAIEmbeddingsOptions {
  ossModel: string;
  ossEndpoint: string;
}

export interface OpenAIEmbeddingsOptions extends BaseOpenAIEmbeddingsOptions {
  apiKey: string;
  model: string;
  organization?: string;
  /** @default 'https://api.openai.com' */
  endpoint?: string;
}

export interface AzureOpenAIEmbeddingsOptions extends BaseOpenAIEmbeddingsOptions {
  azureApiKey: string;
  azureEndpoint: string;
  azureDeployment: string;
  /** @default '2023-05-15' */
  azureApiVersion?: string;
}

type Options = OSSEmbeddingsOptions | OpenAIEmbeddingsOptions | AzureOpenAIEmbeddingsOptions;

interface EmbeddingRequest {
  input: string | string[];
  dimensions?: number;
  model?: string;
}

interface EmbeddingResponseBody {
  data: { index: number; embedding: number[] }[];
  model?: string;
  usage?: Record<string, unknown>;
}

/** Where requests go, and as whom. */
interface Service {
  readonly url: string;
  readonly model: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Embeddings of OpenAI, of Azure, or of a server with the same API. */
export class OpenAIEmbeddings implements EmbeddingsModel {
  readonly maxTokens: number;
  readonly options: Options;
  readonly #service: Service;

  /** @throws when Azure's endpoint is no address that begins with `https://` */
  constructor(options: Options) {
    this.maxTokens = options.maxTokens ?? 500;
    this.options = withDefaults(options);
    this.#service = serviceOf(this.options);
  }

  async createEmbeddings(inputs: string | string[]): Promise<EmbeddingsResponse> {
    const { logRequests } = this.options;
    const log = (...lines: unknown[]): void => {
      if (logRequests) for (const line of lines) console.log(line);
    };
    log('EMBEDDINGS REQUEST:', inputs);
    const start = performance.now();
    const response = await this.createEmbeddingRequest({ input: inputs });
    if (response.status === 429)
      return { status: 'rate_limited', message: 'The embeddings API returned a rate limit error.' };
    if (response.status >= 300) {
      const why = `${response.status}: ${response.statusText}`;
      return {
        status: 'error',
        message: `The embeddings API returned an error status of ${why}`,
      };
    }
    const body = (await response.json()) as EmbeddingResponseBody;
    const duration = Math.round(performance.now() - start);
    log('RESPONSE:', `status: ${response.status}`, `duration: ${duration}ms`, body);
    const sorted = [...body.data].sort((a, b) => a.index - b.index);
    return { status: 'success', output: sorted.map(({ embedding }) => embedding) };
  }

  protected createEmbeddingRequest(request: EmbeddingRequest): Promise<Response> {
    const { url, model } = this.#service;
    const { dimensions } = this.options;
    return this.post(url, {
      ...request,
      ...(dimensions ? { dimensions } : {}),
      ...(model === undefined ? {} : { model }),
    });
  }

  /** Asks again, as often as the policy has pauses, while the service is busy. */
  protected async post(url: string, body: object, retryCount = 0): Promise<Response> {
    const { requestConfig, retryPolicy } = this.options;
    const headers = new Headers(requestConfig?.headers);
    if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
    if (!headers.has('User-Agent')) headers.set('User-Agent', 'AlphaWave');
    for (const [name, value] of Object.entries(this.#service.headers)) headers.set(name, value);
    const response = await fetch(url, {
      ...requestConfig,
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const pause = retryPolicy?.[retryCount];
    if (response.status !== 429 || pause === undefined) return response;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return this.post(url, body, retryCount + 1);
  }
}

function withDefaults(options: Options): Options {
  const retryPolicy = [2000, 5000];
  if (!isAzure(options)) return { retryPolicy, ...options };
  const azureEndpoint = options.azureEndpoint.trim().replace(/\/$/, '');
  if (!azureEndpoint.toLowerCase().startsWith('https://')) {
    throw new Error(
      `Client created with an invalid endpoint of '${azureEndpoint}'. The endpoint must be a valid HTTPS url.`,
    );
  }
  return { retryPolicy, azureApiVersion: '2023-05-15', ...options, azureEndpoint };
}

function serviceOf(options: Options): Service {
  if (isAzure(options)) {
    const { azureEndpoint, azureDeployment, azureApiVersion, azureApiKey } = options;
    return {
      url: `${azureEndpoint}/openai/deployments/${azureDeployment}/embeddings?api-version=${azureApiVersion}`,
      model: undefined,
      headers: { 'api-key': azureApiKey },
    };
  }
  if ('ossModel' in options && options.ossModel)
    return { url: `${options.ossEndpoint}/v1/embeddings`, model: options.ossModel, headers: {} };
  const { endpoint, apiKey, model, organization } = options as OpenAIEmbeddingsOptions;
  return {
    url: `${endpoint ?? 'https://api.openai.com'}/v1/embeddings`,
    model,
    headers: {
      Authorization: `Bearer ${apiKey}`,
      ...(organization ? { 'OpenAI-Organization': organization } : {}),
    },
  };
}

const isAzure = (options: Options): options is AzureOpenAIEmbeddingsOptions =>
  'azureApiKey' in options && Boolean(options.azureApiKey);
