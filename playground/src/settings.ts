import type { IndexStats } from 'quiverdb';
import type { BuildSettings } from './collection.ts';
import { byId } from './dom.ts';
import { showValues } from './filters.ts';

/** The form of what an index is built with. */
export class Settings {
  readonly #form = byId('settings', HTMLFormElement);
  readonly #note = byId('settings-note', HTMLElement);

  constructor(onRebuild: (settings: BuildSettings) => void, onReset: () => void) {
    showValues(this.#form);
    this.#form.addEventListener('input', () => showValues(this.#form));
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const data = new FormData(this.#form);
      onRebuild({
        metric: data.get('metric') as BuildSettings['metric'],
        quantization: data.get('quantization') as BuildSettings['quantization'],
        M: Number(data.get('M')),
      });
    });
    byId('reset', HTMLButtonElement).addEventListener('click', onReset);
  }

  /** What the index has. */
  show(stats: IndexStats): void {
    for (const name of ['metric', 'quantization', 'M'] as const) {
      const field = this.#form.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
        field.value = String(stats[name]);
    }
    showValues(this.#form);
  }

  note(text: string): void {
    this.#note.textContent = text;
  }

  set busy(busy: boolean) {
    for (const button of this.#form.querySelectorAll('button')) button.disabled = busy;
  }
}
