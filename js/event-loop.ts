/** How long JavaScript may keep the thread before others get a turn, in milliseconds. */
const sliceMs = 4;

type Scheduled = { unref?: () => void };
declare const setImmediate: ((callback: () => void) => unknown) | undefined;

/** Runs `task` after what waits in the event loop. */
function schedule(task: () => void): void {
  if (typeof setImmediate === 'function') {
    setImmediate(task);
    return;
  }
  // Browsers: setTimeout is throttled to 4 ms and more, messages are not.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    task();
  };
  port2.postMessage(undefined);
}

/** Runs `task` soon. In Node that does not keep the process running. */
export function scheduleInBackground(task: () => void): void {
  if (typeof setImmediate === 'function') {
    // An immediate without a reference waits until something else wakes the loop; a timer fires by itself.
    (setTimeout(task, 0) as unknown as Scheduled).unref?.();
  } else {
    schedule(task);
  }
}

/** Resolves after everything that waits in the event loop had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => schedule(resolve));
}

/** Cuts long synchronous work into slices. */
export class Slices {
  #start: number = performance.now();

  /** Whether the slice is used up and {@link next} should be awaited. */
  get over(): boolean {
    return performance.now() - this.#start >= sliceMs;
  }

  /** Lets the event loop run, then starts a new slice. */
  async next(): Promise<void> {
    await nextTurn();
    this.#start = performance.now();
  }
}

/** How long short pieces of work may keep the thread together before the event loop runs again, in milliseconds. */
const shortWorkMs = 2;

/**
 * Counts work of which each piece is too short to be cut or to be given away, but whose caller may ask for one after the
 * other without ever letting the event loop run: a promise that is settled already does not.
 */
export class ShortWork {
  #spentMs = 0;
  #resting = false;

  /** Whether {@link rest} should be awaited before there is more of it. */
  get over(): boolean {
    return this.#spentMs >= shortWorkMs;
  }

  run<T>(work: () => T): T {
    const start = performance.now();
    const result = work();
    this.#spentMs += performance.now() - start;
    return result;
  }

  /** Lets the event loop run. Resolves to false at once where another caller waits for that: there is more than one thread's work. */
  async rest(): Promise<boolean> {
    if (this.#resting) return false;
    this.#resting = true;
    await nextTurn();
    this.#resting = false;
    this.#spentMs = 0;
    return true;
  }
}
