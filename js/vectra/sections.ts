import type {
  DocumentChunkMetadata,
  DocumentTextSection,
  QueryResult,
  Tokenizer,
} from './types.ts';

export type Chunk = QueryResult<DocumentChunkMetadata>;

/** Between chunks that are not next to each other. */
export const connector = '\n\n...\n\n';

/** Where chunks score less than this together, nothing was found. */
const leastHeat = 0.1;
/** A section is only widened when at least this many tokens are left, and one. */
const leastToWiden = 40;

const startOf = ({ item }: Chunk): number => Number(item.metadata.startPos);
const endOf = ({ item }: Chunk): number => Number(item.metadata.endPos);
const centerOf = (chunk: Chunk): number => Math.floor((startOf(chunk) + endOf(chunk)) / 2);
const mean = (scores: readonly number[]): number =>
  scores.reduce((sum, score) => sum + score, 0) / scores.length;

export const inOrder = (chunks: readonly Chunk[]): Chunk[] =>
  [...chunks].sort((a, b) => startOf(a) - startOf(b));

const best = (chunks: readonly Chunk[]): Chunk =>
  chunks.reduce((top, chunk) => (chunk.score > top.score ? chunk : top));

/** Marked by a query with keywords. */
export function isKeywordChunk({ item }: Chunk): boolean {
  const mark: unknown = item.metadata?.['isBm25'];
  return mark === true || mark === 'true' || mark === 1 || mark === '1';
}

export interface SectionOptions {
  readonly isBm25: boolean;
  readonly maxTokens: number;
  readonly maxSections: number;
  /** Joins what is apart with {@link connector}, and fills what is left with the text around. */
  readonly overlappingChunks: boolean;
}

/** Chunks of a document as texts of limited length. */
export class Sections {
  readonly #text: string;
  readonly #tokenizer: Tokenizer;

  constructor(text: string, tokenizer: Tokenizer) {
    this.#text = text;
    this.#tokenizer = tokenizer;
  }

  /** Everything that was found, in the document's order, in sections of up to `maxTokens` tokens. */
  all(chunks: readonly Chunk[], maxTokens: number): DocumentTextSection[] {
    const sections: DocumentTextSection[] = [];
    let pending: { tokens: number[]; chunks: Chunk[] } = { tokens: [], chunks: [] };
    const add = (tokens: number[], from: readonly Chunk[]): void => {
      if (tokens.length === 0) return;
      sections.push({
        text: this.#tokenizer.decode(tokens),
        tokenCount: tokens.length,
        score: mean(from.map(({ score }) => score)),
        isBm25: from.every(isKeywordChunk),
      });
    };
    const flush = (): void => {
      add(pending.tokens, pending.chunks);
      pending = { tokens: [], chunks: [] };
    };
    for (const chunk of inOrder(chunks)) {
      const tokens = this.#tokens(chunk);
      if (pending.tokens.length + tokens.length > maxTokens) flush();
      if (tokens.length > maxTokens) {
        const step = Math.max(maxTokens, 1);
        for (let at = 0; at < tokens.length; at += step) add(tokens.slice(at, at + step), [chunk]);
        continue;
      }
      pending = {
        tokens: pending.tokens.concat(tokens),
        chunks: [...pending.chunks, chunk],
      };
    }
    flush();
    return sections;
  }

  /** Sections around the places where chunks score most. */
  around(chunks: readonly Chunk[], options: SectionOptions): DocumentTextSection[] {
    if (chunks.length === 0) return [];
    const sections: DocumentTextSection[] = [];
    for (const peak of peaksOf(chunks).slice(0, options.maxSections)) {
      const selected = this.#select(peak, options);
      if (selected.length === 0) return this.top(chunks, options);
      sections.push(this.#section(selected, options));
    }
    return sections.length > 0 ? sections : this.top(chunks, options);
  }

  /** The start of the best chunk. */
  top(
    chunks: readonly Chunk[],
    { isBm25, maxTokens }: Pick<SectionOptions, 'isBm25' | 'maxTokens'>,
  ): DocumentTextSection[] {
    if (chunks.length === 0) return [];
    const chunk = best(chunks);
    const text = this.#tokenizer.decode(this.#tokens(chunk).slice(0, maxTokens));
    // As in Vectra: what could have been taken, not what was.
    return [{ text, tokenCount: maxTokens, score: chunk.score, isBm25 }];
  }

  /** Whole chunks, the nearest to the peak first, as many as there is room for. */
  #select(peak: Peak, { maxTokens, overlappingChunks }: SectionOptions): Chunk[] {
    const distance = (chunk: Chunk): number => Math.abs(centerOf(chunk) - peak.position);
    const selected: Chunk[] = [];
    let used = 0;
    for (const chunk of [...peak.chunks].sort((a, b) => distance(a) - distance(b))) {
      const { length } = this.#tokens(chunk);
      if (length > maxTokens) continue;
      const isApart =
        overlappingChunks &&
        selected.length > 0 &&
        !selected.some(
          (other) => endOf(other) + 1 === startOf(chunk) || endOf(chunk) + 1 === startOf(other),
        );
      const needed = length + (isApart ? this.#tokenizer.encode(connector).length : 0);
      if (used + needed > maxTokens) continue;
      selected.push(chunk);
      used += needed;
    }
    return selected;
  }

  #section(
    selected: readonly Chunk[],
    { isBm25, maxTokens, overlappingChunks }: SectionOptions,
  ): DocumentTextSection {
    const texts: string[] = [];
    let count = 0;
    const add = (text: string): void => {
      texts.push(text);
      count += this.#tokenizer.encode(text).length;
    };
    let end: number | undefined;
    for (const chunk of inOrder(selected)) {
      if (overlappingChunks && end !== undefined && end + 1 < startOf(chunk)) add(connector);
      add(this.#chunkText(chunk));
      end = endOf(chunk);
    }
    const left = maxTokens - count;
    if (overlappingChunks && left > leastToWiden) {
      const before = this.#tokenizer.encode(
        this.#text.slice(0, Math.min(...selected.map(startOf))),
      );
      const after = this.#tokenizer.encode(this.#text.slice(Math.max(...selected.map(endOf)) + 1));
      const fromBefore = Math.min(Math.ceil(left / 2), before.length);
      const fromAfter = Math.min(left - fromBefore, after.length);
      texts.unshift(this.#tokenizer.decode(before.slice(before.length - fromBefore)));
      texts.push(this.#tokenizer.decode(after.slice(0, fromAfter)));
      count += fromBefore + fromAfter;
    }
    return {
      text: texts.join(''),
      tokenCount: count,
      score: mean(selected.map(({ score }) => score)),
      isBm25,
    };
  }

  #chunkText(chunk: Chunk): string {
    return this.#text.substring(startOf(chunk), endOf(chunk) + 1);
  }

  #tokens(chunk: Chunk): number[] {
    return this.#tokenizer.encode(this.#chunkText(chunk));
  }
}

interface Peak {
  position: number;
  score: number;
  readonly chunks: Chunk[];
}

/** Where chunks score most together, the highest first, each with the chunks that are nearest to it. */
function peaksOf(chunks: readonly Chunk[]): Peak[] {
  const peaks: Peak[] = [];
  let current: Peak | undefined;
  for (const { position, score } of heatOf(chunks)) {
    if (score < leastHeat) {
      current = undefined;
    } else if (current === undefined) {
      current = { position, score, chunks: [] };
      peaks.push(current);
    } else if (score > current.score) {
      current.position = position;
      current.score = score;
    }
  }
  if (peaks.length === 0) {
    const top = best(chunks);
    peaks.push({ position: centerOf(top), score: top.score, chunks: [] });
  }
  for (const chunk of chunks) {
    const distance = (peak: Peak): number => Math.abs(centerOf(chunk) - peak.position);
    peaks
      .reduce((nearest, peak) => (distance(peak) < distance(nearest) ? peak : nearest))
      .chunks.push(chunk);
  }
  return peaks.sort((a, b) => b.score - a.score);
}

/** What chunks score together, for each run of characters in which that does not change; where no chunk is there is none. */
function heatOf(chunks: readonly Chunk[]): { position: number; score: number }[] {
  const edges = new Set(chunks.flatMap((chunk) => [startOf(chunk), endOf(chunk) + 1]));
  return [...edges]
    .sort((a, b) => a - b)
    .flatMap((position) => {
      const here = chunks.filter((chunk) => startOf(chunk) <= position && position <= endOf(chunk));
      return here.length === 0
        ? []
        : [{ position, score: here.reduce((sum, { score }) => sum + score, 0) }];
    });
}
