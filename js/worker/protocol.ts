import type { StorageKind } from '../engine/engine.ts';
import { EngineError, noItem } from '../engine/engine-error.ts';
import type { FolderFiles } from '../storage/host-files.ts';

/** The calls of an engine and of its sessions, which have numbers here. Each is answered once. */
export interface Calls {
  create(folder: string, config: Uint8Array): void;
  exists(folder: string): boolean;
  destroy(folder: string): void;
  repair(source: string, target: string): Uint8Array;
  /** Resolves to the number of a new session. */
  open(folder: string, options: Uint8Array): number;
  read(session: number, request: Uint8Array): Uint8Array;
  write(session: number, request: Uint8Array): Uint8Array;
  close(session: number): void;
  /** A method of FolderFiles, with its arguments. */
  files<Name extends keyof FolderFiles>(method: Name, args: Parameters<FolderFiles[Name]>): unknown;
}

export type CallName = keyof Calls;

export interface CallMessage<Name extends CallName = CallName> {
  readonly id: number;
  readonly call: Name;
  readonly args: Parameters<Calls[Name]>;
}

/** An error as a message carries it. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly item: number;
}

export interface AnswerMessage {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WireError;
  /** Of a read: why maintenance has stopped, where it has. */
  readonly stopped?: WireError;
}

/** Where a page wants its indexes to be kept; `auto` is what lasts. */
export type StorageChoice = Exclude<StorageKind, 'disk'> | 'auto';

/** What a page is told of the engine that it was connected to, before anything else. */
export interface About {
  readonly simd: string;
  readonly threads: number;
  /** What a choice of `auto` came to. */
  readonly storage: StorageKind;
}

export function toWire(error: unknown): WireError {
  const { code, message, item } = (error ?? {}) as Partial<Record<keyof WireError, unknown>>;
  return {
    code: typeof code === 'string' ? code : 'INTERNAL',
    message: typeof message === 'string' && message !== '' ? message : String(error),
    item: typeof item === 'number' ? item : noItem,
  };
}

export function fromWire({ code, message, item }: WireError): EngineError {
  return new EngineError(code, message, item);
}

/** What a page sends to a worker to get a port of its own. */
export interface Connect {
  readonly quiver: 'connect';
  readonly port: MessagePort;
  /** The page's sign of life. */
  readonly client: string | undefined;
  readonly storage: StorageChoice;
}

/** The first message of such a port. */
export type Greeting =
  | { readonly about: About; readonly worker: string | undefined }
  | { readonly error: WireError };

export function isConnect(message: unknown): message is Connect {
  return (message as { quiver?: unknown } | null)?.quiver === 'connect';
}
