const name = 'quiver-playground';
const askAgainAfter = 500;

/**
 * The tabs that have the index open. One that makes it anew has to have it alone, as it deletes files that others read:
 * it asks them to close it, and they open it again when that tab is done, or gone.
 */
export class Tabs {
  readonly #channel = new BroadcastChannel(name);
  #leave: (() => void) | undefined;

  /** @param onAsked - another tab wants to have the index alone: it waits for `leave`, and `share` then waits for it */
  constructor(onAsked: () => void) {
    let asked: (() => void) | undefined;
    this.#channel.onmessage = () => {
      if (this.#leave === undefined || asked === this.#leave) return;
      asked = this.#leave;
      onAsked();
    };
  }

  /** Resolves when no tab has the index alone; then none will until `leave`. */
  async share(): Promise<void> {
    // Pages without locks have no storage that tabs share.
    if (this.#leave !== undefined || !('locks' in navigator)) return;
    await new Promise<void>((resolve, reject) => {
      const held = (): Promise<void> =>
        new Promise((leave) => {
          this.#leave = leave;
          resolve();
        });
      navigator.locks.request(name, { mode: 'shared' }, held).catch(reject);
    });
  }

  leave(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  /** Resolves when `act` has, and this tab shares the index again. */
  async alone(act: () => Promise<void>): Promise<void> {
    if (!('locks' in navigator)) return act();
    const ask = (): void => this.#channel.postMessage('leave');
    const asking = setInterval(ask, askAgainAfter);
    this.leave();
    ask();
    try {
      await navigator.locks.request(name, () => {
        clearInterval(asking);
        return act();
      });
    } finally {
      clearInterval(asking);
      await this.share();
    }
  }
}

/** Of the tabs that share the index, one at a time does this. */
export async function oneByOne(act: () => Promise<void>): Promise<void> {
  await ('locks' in navigator ? navigator.locks.request(`${name} one by one`, act) : act());
}
