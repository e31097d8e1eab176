import type { Filter } from 'quiverdb';
import type { Search } from './collection.ts';
import { byId, element } from './dom.ts';
import { partsOfSpeech, type Sense, topics } from './sense.ts';

/** Chips and sliders: everything of a search but its vector. */
export class Filters {
  readonly #form = byId('options', HTMLFormElement);
  readonly #topics: ReadonlyMap<string, HTMLButtonElement>;
  readonly #parts: ReadonlyMap<string, HTMLButtonElement>;

  constructor(onChange: () => void) {
    const chips = (
      parent: HTMLElement,
      names: readonly (readonly [key: string, name: string, dot?: number])[],
    ): ReadonlyMap<string, HTMLButtonElement> =>
      new Map(
        names.map(([key, name, dot]) => {
          const button = chip(name, dot);
          button.setAttribute('aria-pressed', 'false');
          button.addEventListener('click', () => {
            button.setAttribute('aria-pressed', String(!isPressed(button)));
            onChange();
          });
          parent.append(button);
          return [key, button] as const;
        }),
      );
    this.#topics = chips(
      byId('topics', HTMLElement),
      topics.map(({ name }, topic) => [String(topic), name, topic] as const),
    );
    this.#parts = chips(byId('parts', HTMLElement), Object.entries(partsOfSpeech));
    showValues(this.#form);
    this.#form.addEventListener('input', () => {
      showValues(this.#form);
      onChange();
    });
    this.#form.addEventListener('submit', (event) => event.preventDefault());
  }

  get active(): boolean {
    return this.#domains.length + this.#pressedParts.length > 0;
  }

  clear(): void {
    for (const chip of [...this.#topics.values(), ...this.#parts.values()])
      chip.setAttribute('aria-pressed', 'false');
  }

  get search(): Omit<Search, 'vector'> {
    const data = new FormData(this.#form);
    return {
      filter: this.#filter,
      topK: Number(data.get('topK')),
      leastSimilarity: Number(data.get('least')),
      targetRecall: Number(data.get('targetRecall')),
      exact: data.has('exact'),
    };
  }

  /** What the filter says, for the map. */
  accepts(sense: Sense): boolean {
    const domains = this.#domains;
    const parts = this.#pressedParts;
    return (
      (domains.length === 0 || domains.includes(sense.domain)) &&
      (parts.length === 0 || parts.includes(sense.pos))
    );
  }

  get #filter(): Filter<Sense> | null {
    if (!this.active) return null;
    const domains = this.#domains;
    const parts = this.#pressedParts;
    return {
      ...(domains.length > 0 ? { domain: { $in: domains } } : {}),
      ...(parts.length > 0 ? { pos: { $in: parts } } : {}),
    };
  }

  get #domains(): string[] {
    return pressed(this.#topics).flatMap((topic) => topics[Number(topic)]?.domains ?? []);
  }

  get #pressedParts(): string[] {
    return pressed(this.#parts);
  }
}

const isPressed = (button: Element): boolean => button.getAttribute('aria-pressed') === 'true';

const pressed = (chips: ReadonlyMap<string, HTMLButtonElement>): string[] =>
  [...chips].filter(([, button]) => isPressed(button)).map(([key]) => key);

/** A button that looks like a chip, with a dot of a topic's colour. */
export function chip(name: string, topic?: number): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'chip' });
  if (topic !== undefined) button.append(element('span', { class: `dot topic-${topic}` }));
  button.append(name);
  return button;
}

/** Writes the value of each slider of a form beside it. */
export function showValues(form: HTMLFormElement): void {
  for (const slider of form.querySelectorAll<HTMLInputElement>('input[type=range]')) {
    const value = slider.parentElement?.querySelector('.value');
    if (value) value.textContent = slider.value;
  }
}
