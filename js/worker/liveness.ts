/**
 * Signs of life by Web Locks: the browser gives a lock back when its holder is gone, however that came. Where there are
 * none, nobody is ever known to be gone.
 */

function lockManager(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

/** Holds a lock as long as this page or worker lives. Resolves to its name when it is held. */
export async function signOfLife(): Promise<string | undefined> {
  const locks = lockManager();
  if (locks === undefined) return undefined;
  const name = `quiverdb:alive:${crypto.randomUUID()}`;
  await new Promise<void>((resolve, reject) => {
    const held = locks.request(name, () => {
      resolve();
      return new Promise(() => undefined);
    });
    held.catch(reject);
  });
  return name;
}

/** Calls `gone` when the one who gave the name of its sign of life is gone. Returns a function that stops to wait. */
export function whenGone(name: string | undefined, gone: () => void): () => void {
  const locks = lockManager();
  if (locks === undefined || name === undefined) return () => undefined;
  const stop = new AbortController();
  locks.request(name, { signal: stop.signal }, gone).catch(() => undefined);
  return () => stop.abort();
}
