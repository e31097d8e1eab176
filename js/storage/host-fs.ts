/** Who owns the lock files that are written. */
export interface HostOwner {
  /** The process that would own a lock. */
  ownerPid(): number;
  /** The machine that process runs on. */
  ownerHost(): string;
  /** When that process started, in a form only good for comparing; empty when unknown. */
  ownerStart(): string;
  /** 1 when the process that these three name may still run, 0 when it certainly does not. */
  ownerAlive(pid: number, start: string, host: string): number;
}

/**
 * What the WASM module asks of its host: a synchronous file system over full path strings, and who owns a lock file.
 *
 * Every call that returns a number returns 0 or more for success and one of {@link hostError} for failure, after which
 * `lastMessage()` says more. A path is one string with `/` between its parts (also `\` on Windows). Byte views that are
 * passed in lie in the module's memory: they are valid only during the call.
 */
export interface HostFs extends HostOwner {
  /** Creates the file, or empties it, for `append`. Returns a descriptor. */
  open(path: string): number;
  /** Writes all of `bytes` at the end. Returns 0. */
  append(fd: number, bytes: Uint8Array): number;
  /** Puts what was appended on stable storage. Returns 0. */
  sync(fd: number): number;
  close(fd: number): number;
  /** The size of a file in bytes. */
  size(path: string): number;
  /** When a file was last written, in whole milliseconds by the file system's clock. */
  modified(path: string): number;
  /** Opens a file for `sizeOf` and `readAt`, which go on with it even if another takes its name. Returns a descriptor. */
  openToRead(path: string): number;
  /** The size of an open file in bytes. */
  sizeOf(fd: number): number;
  /** Reads from byte `offset` on until `into` is full or the file ends. Returns the bytes read. */
  readAt(fd: number, into: Uint8Array, offset: number): number;
  /** Moves a file, replacing what `to` names. Atomic. */
  rename(from: string, to: string): number;
  /** Removes a file. */
  remove(path: string): number;
  /** The names (not paths) of what lies in a folder, in no order. */
  list(folder: string): string[] | number;
  /** 1 when a file or folder of that path exists, else 0. */
  exists(path: string): number;
  /** Creates a file that must not be there yet (`hostError.exists`) with these bytes, on stable storage. */
  createExclusive(path: string, bytes: Uint8Array): number;
  /** Creates a folder and its parents; no error when it is there. */
  makeFolder(path: string): number;
  /** Removes an empty folder. */
  removeFolder(path: string): number;
  /** Puts all that a file has on stable storage, whoever wrote it. */
  syncFile(path: string): number;
  /** Puts creations, renames and removals in a folder on stable storage. */
  syncFolder(path: string): number;
  /** What went wrong in the last call that failed. */
  lastMessage(): string;
  /**
   * Makes ready, before a call that writes in a folder, what cannot be made synchronously: so many new files. Undefined
   * when there is nothing to wait for.
   */
  prepare?(folder: string, files: number): Promise<void> | undefined;
  /**
   * To be awaited after such a call, before what it did is called done, where `sync` alone does not put it on stable
   * storage. When it rejects, the folder's files are again what they were when it last resolved.
   */
  settle?(folder: string): Promise<void> | undefined;
}

/** The files of one folder, between the time when they are opened and when they are closed. */
export interface FolderFs extends HostFs {
  /** Closes them. What has no file any more is removed from where it is stored. */
  detach(): Promise<void>;
}

/** The negative results of {@link HostFs}. */
export const hostError = {
  missing: -1,
  permission: -2,
  noSpace: -3,
  exists: -4,
  io: -5,
} as const;
