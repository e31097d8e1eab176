import { byId } from './dom.ts';

const toastTime = 8000;

/** What screen readers say when nothing was said for a while: who types is not interrupted by every letter. */
let announcing: ReturnType<typeof setTimeout> | undefined;
export function announce(text: string): void {
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    byId('announcer', HTMLElement).textContent = text;
  }, 400);
}

let toasting: ReturnType<typeof setTimeout> | undefined;
/** A line at the edge of the page, with something that can be done about it. */
export function toast(text: string, action?: { name: string; run: () => void }): void {
  const box = byId('toast', HTMLElement);
  const button = byId('toast-action', HTMLButtonElement);
  byId('toast-text', HTMLElement).textContent = text;
  announce(text);
  button.hidden = action === undefined;
  button.textContent = action?.name ?? '';
  button.onclick = () => {
    box.hidden = true;
    action?.run();
  };
  box.hidden = false;
  clearTimeout(toasting);
  const hide = (): void => {
    // Not while somebody is about to press it.
    if (box.matches(':hover, :focus-within')) toasting = setTimeout(hide, 1000);
    else box.hidden = true;
  };
  toasting = setTimeout(hide, toastTime);
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The place of the results while there are none: work in progress, or why there is none. */
export class Progress {
  readonly #working = byId('working', HTMLElement);
  readonly #text = byId('working-text', HTMLElement);
  readonly #bar = byId('working-bar', HTMLProgressElement);
  readonly #failure = byId('failure', HTMLElement);
  readonly #retry = byId('failure-retry', HTMLButtonElement);

  readonly #results = byId('results', HTMLElement);

  readonly step = (text: string, progress?: { done: number; total?: number }): void => {
    this.#working.hidden = false;
    this.#results.setAttribute('aria-busy', 'true');
    this.#failure.hidden = true;
    if (this.#text.textContent !== text) announce(text);
    this.#text.textContent = text;
    if (progress?.total) {
      this.#bar.max = progress.total;
      this.#bar.value = progress.done;
    } else {
      this.#bar.removeAttribute('value');
    }
  };

  /** Of a search: too short to show, but those that wait for the results are told. */
  begin(): void {
    this.#results.setAttribute('aria-busy', 'true');
  }

  done(): void {
    this.#results.setAttribute('aria-busy', 'false');
    this.#working.hidden = true;
    this.#failure.hidden = true;
  }

  fail(error: unknown, retry: () => void): void {
    this.#working.hidden = true;
    this.#failure.hidden = false;
    this.#results.setAttribute('aria-busy', 'false');
    byId('failure-text', HTMLElement).textContent = messageOf(error);
    this.#retry.onclick = retry;
  }
}
