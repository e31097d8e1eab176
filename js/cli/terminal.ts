import { Interrupted } from './failure.ts';

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What a command sees of the world; tests give it another one. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  /** A signal that aborts with {@link Interrupted} at the first Ctrl-C. For commands that can stop halfway. */
  interrupted(): AbortSignal;
}

export function processTerminal(): Terminal {
  return {
    out: process.stdout,
    err: process.stderr,
    interrupted() {
      const controller = new AbortController();
      const names = ['SIGINT', 'SIGTERM'] as const;
      const stop = (): void => {
        // A second one ends the process at once, as it does by default.
        for (const name of names) process.off(name, stop);
        controller.abort(new Interrupted('Interrupted'));
      };
      for (const name of names) process.on(name, stop);
      return controller.signal;
    },
  };
}
