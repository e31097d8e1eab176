import { byId } from './dom.ts';
import type { Query, Vocabulary } from './embedding.ts';
import { count } from './format.ts';
import { headword, type StoredSense } from './sense.ts';

/** What is searched for: a text, the neighbours of an item, or nothing yet. */
export type Asked =
  | { readonly kind: 'text'; readonly text: string; readonly query: Query }
  | { readonly kind: 'like'; readonly sense: StoredSense }
  | { readonly kind: 'nothing' };

export class SearchBox {
  readonly #vocabulary: Vocabulary;
  readonly #onAsk: (asked: Asked) => void;
  readonly #input = byId('query', HTMLInputElement);
  readonly #note = byId('query-note', HTMLElement);
  readonly #like = byId('like', HTMLElement);
  #sense: StoredSense | undefined;

  /** @param onLeave - called when the arrow leads out of the box to the results */
  constructor(vocabulary: Vocabulary, onAsk: (asked: Asked) => void, onLeave: () => void) {
    this.#vocabulary = vocabulary;
    this.#onAsk = onAsk;
    this.#input.addEventListener('input', () => {
      this.#sense = undefined;
      this.#ask();
    });
    this.#input.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown') onLeave();
      else if (event.key === 'Escape' && this.#sense !== undefined) this.backToText();
      else return;
      event.preventDefault();
    });
    byId('search', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
    byId('like-end', HTMLButtonElement).addEventListener('click', () => {
      this.backToText();
      this.focus();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest('input, textarea, select'))
        return;
      event.preventDefault();
      this.focus();
      this.#input.select();
    });
    this.#ask();
  }

  get asked(): Asked {
    if (this.#sense !== undefined) return { kind: 'like', sense: this.#sense };
    const text = this.#input.value.trim();
    const query = this.#vocabulary.query(this.#input.value);
    return query === null ? { kind: 'nothing' } : { kind: 'text', text, query };
  }

  type(text: string): void {
    this.#input.value = text;
    this.#sense = undefined;
    this.#ask();
  }

  moreLike(sense: StoredSense): void {
    this.#sense = sense;
    this.#ask();
  }

  backToText(): void {
    this.#sense = undefined;
    this.#ask();
  }

  focus(): void {
    this.#input.focus();
  }

  #ask(): void {
    const { asked } = this;
    this.#like.hidden = asked.kind !== 'like';
    if (asked.kind === 'like') byId('like-word', HTMLElement).textContent = headword(asked.sense);
    this.#note.textContent = this.#noteOn(asked);
    this.#onAsk(asked);
  }

  #noteOn(asked: Asked): string {
    if (asked.kind === 'like') return `Near to ${headword(asked.sense)}: ${asked.sense.gloss}`;
    if (asked.kind === 'nothing') {
      return this.#input.value.trim() === ''
        ? `What you type becomes a vector here, out of those of ${count(this.#vocabulary.size)} words.`
        : 'Type a word that means something.';
    }
    const { completed, unknown, words } = asked.query;
    if (unknown.length > 0) {
      const names = unknown.join(', ');
      return `Not in the vocabulary, so only its spelling counts, and every item is compared: ${names}`;
    }
    if (completed !== undefined) return `Searching for: ${words.join(' ')}`;
    return '';
  }
}
