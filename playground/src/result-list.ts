import type { Hit } from './collection.ts';
import { byId, element } from './dom.ts';
import { headword, type StoredSense, shortPart, topicOf } from './sense.ts';

export interface ResultActions {
  readonly onPick: (sense: StoredSense) => void;
  readonly onDelete: (sense: StoredSense) => void;
  readonly onEdit: (sense: StoredSense) => void;
  readonly onPoint: (id: string | null) => void;
  /** The way back to the search box. */
  readonly onLeave: () => void;
}

export const stored = ({ item }: Hit): StoredSense => ({ id: item.id, ...item.metadata });

/** The results in words. Only one of them is reached by Tab; arrows go on from there. */
export class ResultList {
  readonly #list = byId('results', HTMLOListElement);
  readonly #actions: ResultActions;
  #senses: StoredSense[] = [];

  constructor(actions: ResultActions) {
    this.#actions = actions;
    this.#list.addEventListener('keydown', (event) => this.#onKey(event));
    this.#list.addEventListener('pointerover', (event) => actions.onPoint(idOf(event.target)));
    this.#list.addEventListener('pointerleave', () => actions.onPoint(null));
    this.#list.addEventListener('focusin', (event) => {
      actions.onPoint(idOf(event.target));
      for (const button of this.#buttons) button.tabIndex = button === event.target ? 0 : -1;
    });
    this.#list.addEventListener('focusout', () => actions.onPoint(null));
  }

  show(hits: readonly Hit[], similarity: (score: number) => number): void {
    const focused = this.#focused;
    this.#senses = hits.map(stored);
    this.#list.replaceChildren(
      ...hits.map((hit, i) => this.#row(stored(hit), hit.score, similarity(hit.score), i === 0)),
    );
    // Who went on from a result by the keyboard is not thrown out of the list.
    if (focused >= 0) this.focus(Math.min(focused, hits.length - 1));
  }

  focus(place: number): void {
    const button = this.#buttons[place];
    if (button === undefined) this.#actions.onLeave();
    else button.focus();
  }

  get #buttons(): HTMLButtonElement[] {
    return [...this.#list.querySelectorAll<HTMLButtonElement>('.sense')];
  }

  get #focused(): number {
    const row = document.activeElement?.closest('li');
    return row && this.#list.contains(row) ? [...this.#list.children].indexOf(row) : -1;
  }

  #row(sense: StoredSense, score: number, similarity: number, first: boolean): HTMLLIElement {
    const word = headword(sense);
    const others = sense.words.slice(1).join(', ');
    const pick = element(
      'button',
      { type: 'button', class: 'sense', tabindex: first ? '0' : '-1', title: 'More like this' },
      element(
        'span',
        { class: 'head' },
        element('span', { class: 'word' }, word),
        ' ',
        element('em', {}, shortPart(sense.pos)),
        ...(others === '' ? [] : [' ', element('span', { class: 'others' }, others)]),
      ),
      element('span', { class: 'gloss' }, sense.gloss),
      element(
        'span',
        { class: 'domain' },
        element('span', { class: `dot topic-${topicOf(sense)}` }),
        sense.own ? `${sense.domain}, yours` : sense.domain,
      ),
    );
    pick.addEventListener('click', () => this.#actions.onPick(sense));
    const bar = element('span', { class: 'bar' });
    bar.style.setProperty('--share', String(Math.min(1, similarity)));
    const tools = element('span', { class: 'tools' });
    if (sense.own) tools.append(tool('Edit', `Edit ${word}`, () => this.#actions.onEdit(sense)));
    tools.append(tool('Delete', `Delete ${word}`, () => this.#actions.onDelete(sense)));
    return element(
      'li',
      { 'data-id': sense.id },
      pick,
      element('span', { class: 'score' }, element('span', {}, score.toFixed(3)), bar),
      tools,
    );
  }

  #onKey(event: KeyboardEvent): void {
    const place = this.#focused;
    const last = this.#senses.length - 1;
    const sense = this.#senses[place];
    if (sense === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const onTool = event.target instanceof Element && event.target.closest('.tools') !== null;
    if (event.key === 'ArrowDown') this.focus(Math.min(last, place + 1));
    else if (event.key === 'ArrowUp') this.focus(place - 1);
    else if (event.key === 'Home') this.focus(0);
    else if (event.key === 'End') this.focus(last);
    else if (event.key === 'Delete' && !onTool) this.#actions.onDelete(sense);
    else if (event.key === 'Escape') this.#actions.onLeave();
    else return;
    event.preventDefault();
  }
}

function tool(name: string, label: string, run: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', 'aria-label': label }, name);
  button.addEventListener('click', run);
  return button;
}

const idOf = (target: EventTarget | null): string | null =>
  (target instanceof Element ? target.closest('li')?.dataset['id'] : undefined) ?? null;
