import { requirePeer } from './host.ts';

/** Loads an optional package at once; `message` tells its absence from an error inside of it. */
export function peer<T>(name: string, message: string): T {
  try {
    return requirePeer(name) as T;
  } catch (cause) {
    throw new Error(message, { cause });
  }
}

export const missing = (who: string, name: string): string =>
  `${who} requires the '${name}' package. Install it with: npm install ${name}`;
