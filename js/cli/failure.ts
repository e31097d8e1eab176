import { QuiverError } from '../index.ts';

/** The command was called wrongly: exit status 2 instead of 1. */
export class UsageError extends QuiverError {
  constructor(message: string) {
    super('INVALID_ARGUMENT', message);
    this.name = 'UsageError';
  }
}

/** What a signal's reason is when the user asked to stop. */
export class Interrupted extends Error {}

const systemCodes = {
  ENOENT: 'MISSING_FILE',
  ENOTDIR: 'MISSING_FILE',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
} as const;

/** Any error as one of ours: those of the file system get the code that the index would use for them. */
export function asQuiverError(error: unknown): QuiverError {
  if (error instanceof QuiverError) return error;
  const code = (error as { code?: unknown } | null | undefined)?.code;
  const message = error instanceof Error ? error.message : String(error);
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code))
    return new QuiverError('INTERNAL', message, {}, { cause: error });
  const known = systemCodes[code as keyof typeof systemCodes] ?? 'IO_ERROR';
  return new QuiverError(known, message, {}, { cause: error });
}

/** The one line that is printed for an error. */
export function errorLine(error: QuiverError): string {
  return `quiver: ${error.code}: ${printable(error.message)}`;
}

/** Texts come from files of others: what would break the line, or move a terminal's cursor, is shown by its number. */
export function printable(text: string): string {
  return text
    .replace(/[\t-\r\u2028\u2029]\s*/g, ' ')
    .replace(
      /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}
