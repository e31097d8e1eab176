// Text → vector in the page, without a model: latent semantic analysis says what words mean, a hash how they are spelt.
// playground/data/make.mjs learns the numbers; what it writes, and what is typed, goes through the same functions.

/** Of every vector. */
export const dimensions = 96;
/** In vocabulary.bin: idf · 16, strength · 128, and then 4 bits a dimension, the lower ones first. */
export const bytesPerWord = 2 + dimensions / 2;

/** Headwords count for as much as so many mentions in the definition. */
const headwordWeight = 2;
/** How much spelling counts beside meaning. Of words whose meaning is not known it is all there is. */
const spellingWeight = 0.6;
/** About what a word gets that is in one or two definitions. */
const idfOfUnknownWords = 10;

const functionWords = new Set(
  (
    'of the or in to and an that with by for is as on from who he his was one be at not are any which into it its she ' +
    'her has have had having being been usually especially some something someone but when than they their these those ' +
    'this there were will would can could may might must do does did done if we you your our my me him them us so no nor ' +
    'such other more most very also often used using use etc via per what where whose while within without about above ' +
    'after before between through during over under out up down off again all each both few own same too just only ' +
    'because until against upon toward towards consisting characterized relating resembling various several genus made make'
  ).split(' '),
);

/** The words of a text that mean something, in lower case. */
export function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/\p{L}{2,}/gu) ?? []).filter((word) => !functionWords.has(word));
}

export interface Query {
  readonly vector: Float32Array;
  /** The words that it was made of, as they stand in the vocabulary. */
  readonly words: readonly string[];
  /** What is not in the vocabulary: it only counts by its spelling. */
  readonly unknown: readonly string[];
  /** What the unfinished last word was taken for. */
  readonly completed: string | undefined;
}

export class Vocabulary {
  readonly #words: readonly string[];
  readonly #codes: Uint8Array;
  readonly #places: ReadonlyMap<string, number>;

  /**
   * @param words - the most frequent first
   * @throws {RangeError} when `codes` is not {@link bytesPerWord} a word
   */
  constructor(words: readonly string[], codes: Uint8Array) {
    if (codes.length !== words.length * bytesPerWord)
      throw new RangeError(
        `The vocabulary has ${words.length} words and vectors of ${codes.length} bytes`,
      );
    this.#words = words;
    this.#codes = codes;
    this.#places = new Map(words.map((word, place) => [word, place]));
  }

  get size(): number {
    return this.#words.length;
  }

  /** Null when no word is left to search for. */
  query(text: string): Query | null {
    const typed = wordsOf(text);
    const last = typed.at(-1);
    const unfinished = last !== undefined && /\p{L}$/u.test(text) && this.#baseForm(last) === null;
    const completed = unfinished ? this.#mostFrequent(last) : undefined;
    const words: string[] = [];
    const unknown: string[] = [];
    for (const [i, word] of typed.entries()) {
      const known =
        completed !== undefined && i === typed.length - 1 ? completed : this.#baseForm(word);
      if (known === null) unknown.push(word);
      words.push(known ?? word);
    }
    if (words.length === 0) return null;
    const vector = new Float32Array(dimensions);
    this.#add(vector, words, 1);
    return { vector: normalised(vector), words, unknown, completed };
  }

  /** The vector of an item. */
  item(headwords: readonly string[], gloss: string): Float32Array {
    const vector = new Float32Array(dimensions);
    const known = (text: string): string[] =>
      wordsOf(text).map((word) => this.#baseForm(word) ?? word);
    this.#add(vector, known(headwords.join(' ')), headwordWeight);
    this.#add(vector, known(gloss), 1);
    return normalised(vector);
  }

  /** The word itself, or what an ending was put to; null when neither is in the vocabulary. */
  #baseForm(word: string): string | null {
    if (this.#places.has(word)) return word;
    for (const [ending, instead] of endings) {
      if (!word.endsWith(ending)) continue;
      const form = word.slice(0, -ending.length) + instead;
      if (form.length > 2 && this.#places.has(form)) return form;
    }
    return null;
  }

  #mostFrequent(prefix: string): string | undefined {
    return this.#words.find((word) => word.startsWith(prefix));
  }

  #add(vector: Float32Array, words: readonly string[], weight: number): void {
    const counts = new Map<string, number>();
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const [word, count] of counts) {
      const place = this.#places.get(word);
      const start = (place ?? 0) * bytesPerWord;
      const idf = place === undefined ? idfOfUnknownWords : (this.#codes[start] as number) / 16;
      const scale = weight * (1 + Math.log(count)) * idf;
      if (place === undefined) {
        addSpelling(vector, word, scale);
        continue;
      }
      addSpelling(vector, word, scale * spellingWeight);
      const code = this.#codes.subarray(start, start + bytesPerWord);
      addCode(vector, code, (scale * (code[1] as number)) / 128);
    }
  }
}

const endings: readonly (readonly [string, string])[] = [
  ['s', ''],
  ['es', ''],
  ['ies', 'y'],
  ['ing', ''],
  ['ing', 'e'],
  ['ed', ''],
  ['d', ''],
  ['ly', ''],
];

function addCode(vector: Float32Array, code: Uint8Array, scale: number): void {
  let squares = 0;
  const level = (d: number): number => (((code[2 + (d >> 1)] as number) >> (4 * (d & 1))) & 15) - 8;
  for (let d = 0; d < dimensions; d++) squares += level(d) ** 2;
  if (squares === 0) return;
  const factor = scale / Math.sqrt(squares);
  for (let d = 0; d < dimensions; d++) vector[d] = (vector[d] as number) + factor * level(d);
}

/** A direction that is the word's own: signs from xorshift, begun with the word's FNV-1a hash. */
function addSpelling(vector: Float32Array, word: string, scale: number): void {
  let state = 2166136261;
  for (let i = 0; i < word.length; i++) state = Math.imul(state ^ word.charCodeAt(i), 16777619);
  state |= 1;
  const step = scale / Math.sqrt(dimensions);
  for (let d = 0; d < dimensions; d++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    vector[d] = (vector[d] as number) + (state & 64 ? step : -step);
  }
}

function normalised(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return squares === 0 ? vector : vector.map((value) => value / Math.sqrt(squares));
}
