import { type ErrorCode, QuiverError } from '../errors.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  QuotaExceededError: 'NO_SPACE',
  NoModificationAllowedError: 'LOCKED',
  SecurityError: 'STORAGE_UNAVAILABLE',
  InvalidStateError: 'STORAGE_UNAVAILABLE',
};

const texts: Readonly<Record<string, string>> = {
  NO_SPACE:
    'the storage quota of this origin is used up; nothing that was acknowledged is lost: delete something, or ask for more by LocalIndex.persist()',
  LOCKED: 'the files are open elsewhere',
};

/** What the browser's storage threw, as an error with a code. */
export function storageError(error: unknown): QuiverError {
  if (error instanceof QuiverError) return error;
  const { name = '', message = String(error) } = (error ?? {}) as Partial<Error>;
  const code = codes[name] ?? 'IO_ERROR';
  const text = texts[code];
  return new QuiverError(
    code,
    text === undefined ? message : `${text} (${message})`,
    {},
    { cause: error },
  );
}

/** @throws {QuiverError} what `call` rejects with, as an error with a code */
export async function withCode<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw storageError(error);
  }
}
