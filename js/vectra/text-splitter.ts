import { GPT3Tokenizer } from './gpt3-tokenizer.ts';
import { separatorsFor } from './separators.ts';
import type { TextChunk, Tokenizer } from './types.ts';

export interface TextSplitterConfig {
  /** Where texts are cut: at the first where that is enough, otherwise at the next. By `docType` when there are none. */
  separators: string[];
  /** @default false */
  keepSeparators: boolean;
  /** The longest chunk, in tokens. @default 400 */
  chunkSize: number;
  /** How many tokens of its neighbours a chunk names. @default 40 */
  chunkOverlap: number;
  /** @default new GPT3Tokenizer() */
  tokenizer: Tokenizer;
  /** A file's ending, such as `md` or `py`. */
  docType?: string;
}

const hasLetters = /[a-zA-Z0-9]/;
const hasText = /\S/;
/** Lines that are drawn in text. */
const rules = /-{3,}|\*{3,}|={3,}|_{3,}/g;

const isMarks = (text: string): boolean => hasText.test(text) && !hasLetters.test(text);

/** Cuts texts into chunks of a limited number of tokens. */
export class TextSplitter {
  readonly #config: TextSplitterConfig;

  /** @throws `chunkSize must be >= 1`, `chunkOverlap must be >= 0`, `chunkOverlap must be <= chunkSize` */
  constructor(config: Partial<TextSplitterConfig> = {}) {
    const { chunkSize = 400, chunkOverlap = 40, keepSeparators = false } = config;
    if (chunkSize < 1) throw new Error('chunkSize must be >= 1');
    if (chunkOverlap < 0) throw new Error('chunkOverlap must be >= 0');
    if (chunkOverlap > chunkSize) throw new Error('chunkOverlap must be <= chunkSize');
    const separators = config.separators?.length
      ? config.separators
      : separatorsFor(config.docType);
    const tokenizer = config.tokenizer ?? new GPT3Tokenizer();
    this.#config = { ...config, chunkSize, chunkOverlap, keepSeparators, separators, tokenizer };
  }

  split(text: string): TextChunk[] {
    const { chunkOverlap, separators } = this.#config;
    const chunks = this.#split(text, separators, 0);
    if (chunkOverlap === 0) return chunks;
    for (const [number, chunk] of chunks.entries()) {
      const next = chunks[number + 1];
      if (next === undefined) break;
      next.startOverlap = chunk.tokens.slice(-chunkOverlap);
      chunk.endOverlap = next.tokens.slice(0, chunkOverlap);
    }
    return chunks;
  }

  #split(text: string, separators: readonly string[], start: number): TextChunk[] {
    if (text === '') return [];
    const [separator, ...finer] = separators;
    if (separator === undefined) return this.#joined(this.#leaves(text, start), '');

    const { keepSeparators } = this.#config;
    const parts = separator === ' ' ? this.#windows(text) : text.split(separator);
    const chunks: TextChunk[] = [];
    let at = start;
    for (const [number, part] of parts.entries()) {
      const after = number < parts.length - 1 ? separator : '';
      const piece = keepSeparators ? part + after : part;
      if (hasText.test(piece)) {
        const cut = this.#split(piece, finer, at);
        chunks.push(...(cut.length > 0 ? cut : this.#leaves(piece, at)));
      }
      at += part.length + after.length;
    }
    const isSpace = separator !== ' ' && /[\n\t]/.test(separator);
    return this.#joined(chunks, isSpace && !keepSeparators ? ' ' : '');
  }

  /** A text that no separator cuts, in chunks that are short enough. */
  #leaves(text: string, start: number): TextChunk[] {
    const { chunkSize, separators, tokenizer } = this.#config;
    const tokens = tokenizer.encode(text);
    if (tokens.length > chunkSize) {
      const chunks: TextChunk[] = [];
      let at = start;
      for (let token = 0; token < tokens.length; token += chunkSize) {
        const window = tokenizer.decode(tokens.slice(token, token + chunkSize));
        const trimmed = window.trimStart();
        if (trimmed !== '') chunks.push(this.#leaf(trimmed, at + window.length - trimmed.length));
        at += window.length;
      }
      return chunks;
    }
    // One long word of few tokens is cut by its characters.
    const isWord =
      !/\s/.test(text) && !separators.some((part) => part !== '' && text.includes(part));
    if (text.length <= chunkSize || !isWord) return [this.#leaf(text, start)];
    const chunks: TextChunk[] = [];
    let at = start;
    for (let offset = 0; offset < text.length; offset += chunkSize) {
      const chunk = this.#leaf(text.slice(offset, offset + chunkSize), at);
      chunks.push(chunk);
      at = chunk.endPos + 1;
    }
    return chunks;
  }

  #leaf(text: string, startPos: number): TextChunk {
    const kept = this.#withoutRules(text);
    return {
      text: kept,
      tokens: this.#config.tokenizer.encode(kept),
      startPos,
      endPos: startPos + kept.length - 1,
      startOverlap: [],
      endOverlap: [],
    };
  }

  /** Where separators go, drawn lines that touch text go too; those that stand alone stay. */
  #withoutRules(text: string): string {
    if (this.#config.keepSeparators) return text;
    return text.replace(rules, (rule, at: number) => {
      const neighbours = [text[at - 1], text[at + rule.length]];
      return neighbours.some((mark) => mark !== undefined && hasText.test(mark)) ? '' : rule;
    });
  }

  /** Neighbours as one where they are short enough together; what is only marks stays by itself. */
  #joined(chunks: readonly TextChunk[], joiner: string): TextChunk[] {
    const { chunkSize, keepSeparators } = this.#config;
    const joined: TextChunk[] = [];
    let last: TextChunk | undefined;
    for (const chunk of chunks) {
      const fits =
        last !== undefined &&
        !isMarks(last.text) &&
        !isMarks(chunk.text) &&
        last.tokens.length + chunk.tokens.length <= chunkSize &&
        last.text.length + joiner.length + chunk.text.length <= chunkSize;
      if (last === undefined || !fits) {
        joined.push(chunk);
        last = chunk;
        continue;
      }
      const isBetweenTexts = hasText.test(last.text) && hasText.test(chunk.text);
      last.text += (isBetweenTexts && !keepSeparators ? joiner : '') + chunk.text;
      last.endPos = chunk.endPos;
      last.tokens.push(...chunk.tokens);
    }
    return joined;
  }

  /** The text in pieces of as many tokens as a chunk may have. */
  #windows(text: string): string[] {
    const { chunkSize, tokenizer } = this.#config;
    const tokens = tokenizer.encode(text);
    const windows: string[] = [];
    for (let at = 0; at < tokens.length || at === 0; at += chunkSize)
      windows.push(tokenizer.decode(tokens.slice(at, at + chunkSize)));
    return windows;
  }
}
