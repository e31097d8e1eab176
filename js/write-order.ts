/**
 * Keeps the order of writes: each is prepared at once, several at a time, and sent when all that were called before it
 * have been sent. It does not wait for their answers, so that the core can commit them together.
 */
export class WriteOrder {
  #last: Promise<unknown> = Promise.resolve();

  async run<P, R>(prepare: () => Promise<P>, send: (prepared: P) => Promise<R>): Promise<R> {
    const before = this.#last;
    let sent: (after?: Promise<unknown>) => void = () => undefined;
    this.#last = new Promise((resolve) => {
      sent = resolve;
    });
    let answer: Promise<R>;
    try {
      const prepared = await prepare();
      await before;
      answer = send(prepared);
    } catch (error) {
      sent(before); // those that follow still wait for those before
      throw error;
    }
    sent();
    return answer;
  }

  /** Runs `task` when all earlier writes have been sent, and holds back later ones until it is done. */
  alone<R>(task: () => Promise<R>): Promise<R> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
