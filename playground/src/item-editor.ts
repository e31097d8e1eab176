import { byId, element } from './dom.ts';
import { type Sense, type StoredSense, topics } from './sense.ts';
import { messageOf } from './status.ts';

/** The form that adds a sense, or changes one that was added. */
export class ItemEditor {
  readonly #form = byId('editor', HTMLFormElement);
  readonly #note = byId('editor-note', HTMLElement);
  readonly #title = byId('editor-title', HTMLElement);
  #id: string | undefined;

  constructor(
    onPut: (sense: Pick<Sense, 'words' | 'gloss' | 'domain'>, id?: string) => Promise<void>,
  ) {
    this.#field('domain', HTMLSelectElement).append(
      ...topics.map(({ name, domains }) =>
        element(
          'optgroup',
          { label: name },
          ...domains.map((domain) => element('option', { value: domain }, domain)),
        ),
      ),
    );
    this.#form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const data = new FormData(this.#form);
      const words = String(data.get('words'))
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');
      const gloss = String(data.get('gloss')).trim();
      if (words.length === 0 || gloss === '') {
        this.#note.textContent = 'It needs a word and what that means.';
        return;
      }
      try {
        const verb = this.#id === undefined ? 'Inserted' : 'Replaced';
        await onPut({ words, gloss, domain: String(data.get('domain')) }, this.#id);
        this.#leave();
        this.#note.textContent = `${verb} ${words[0]}.`;
      } catch (error) {
        this.#note.textContent = messageOf(error);
      }
    });
    this.#form.addEventListener('reset', () => this.#leave());
  }

  edit(sense: StoredSense): void {
    this.#id = sense.id;
    this.#title.textContent = `Change ${sense.words[0]}`;
    this.#button('submit').textContent = 'Replace';
    this.#button('reset').hidden = false;
    this.#field('words', HTMLInputElement).value = sense.words.join(', ');
    this.#field('gloss', HTMLTextAreaElement).value = sense.gloss;
    this.#field('domain', HTMLSelectElement).value = sense.domain;
    this.#field('words', HTMLInputElement).focus();
  }

  #leave(): void {
    this.#id = undefined;
    this.#title.textContent = 'Add a sense';
    this.#button('submit').textContent = 'Insert';
    this.#button('reset').hidden = true;
    this.#note.textContent = '';
    this.#field('words', HTMLInputElement).value = '';
    this.#field('gloss', HTMLTextAreaElement).value = '';
  }

  #button(type: string): HTMLButtonElement {
    return this.#form.querySelector(`button[type=${type}]`) as HTMLButtonElement;
  }

  #field<T extends Element>(name: string, kind: new () => T): T {
    const field = this.#form.elements.namedItem(name);
    if (!(field instanceof kind)) throw new TypeError(`index.html has no field ${name}`);
    return field;
  }
}
