import type { HostOwner } from './host-fs.ts';
import { randomName } from './temporary.ts';

/** Tells this worker from those before it. */
const start: string = randomName();

/**
 * Who owns locks in a browser. Only the worker that holds a folder's Web Lock sees its files, so every lock file that another
 * one has left is that of someone who is gone.
 */
export const browserOwner: HostOwner = {
  ownerPid: () => 1,
  ownerHost: () => 'browser',
  ownerStart: () => start,
  ownerAlive: (_pid, owner) => (owner === start ? 1 : 0),
};
