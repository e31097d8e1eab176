/** Every value of {@link QuiverError.code}. The same list, in the same order, as in src/base/error.h. */
export const errorCodes = [
  'INVALID_ARGUMENT',
  'INVALID_VECTOR',
  'DIMENSION_MISMATCH',
  'INVALID_ID',
  'INVALID_METADATA',
  'INVALID_FILTER',
  'INVALID_TOP_K',
  'ITEM_EXISTS',
  'ITEM_NOT_FOUND',
  'INDEX_EXISTS',
  'INDEX_NOT_FOUND',
  'UPDATE_IN_PROGRESS',
  'NO_UPDATE_IN_PROGRESS',
  'MISSING_FILE',
  'CORRUPT_FILE',
  'UNSUPPORTED_FORMAT',
  'LOCKED',
  'READ_ONLY',
  'PERMISSION_DENIED',
  'NO_SPACE',
  'IO_ERROR',
  'OUT_OF_MEMORY',
  'CLOSED',
  'NOT_OPEN',
  'BACKEND_UNAVAILABLE',
  'STORAGE_UNAVAILABLE',
  'ENGINE_LOST',
  'NOT_SUPPORTED',
  'INTERNAL',
] as const;

/** What went wrong, as a stable name. */
export type ErrorCode = (typeof errorCodes)[number];

/** What an error is about. Which of these are there depends on the code. */
export interface ErrorDetails {
  /** 0-based position of the offending item in what was passed in. */
  readonly item?: number;
  /** The id of the offending item. */
  readonly id?: string;
  /** Where in the metadata or filter the offending value stands, such as `tags[2].name`. */
  readonly path?: string;
  readonly expected?: number | string;
  readonly actual?: number | string;
  /** The index's folder. */
  readonly folder?: string;
  /** Every way of loading the engine that was tried, and why it failed. */
  readonly attempts?: readonly string[];
}

const brand: unique symbol = Symbol.for('quiverdb.error');

/**
 * The one error class of Quiver. Tell errors apart by `code`, never by message.
 *
 * `instanceof` works across realms (workers, Jest) and across copies of this package.
 *
 * @example
 * try {
 *   await index.insertItem({ id: 'a', vector: [1, 2] });
 * } catch (error) {
 *   if (error instanceof QuiverError && error.code === 'ITEM_EXISTS') return;
 *   throw error;
 * }
 */
export class QuiverError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'QuiverError';
    this.code = code;
    this.details = details;
  }

  /** @internal */
  get [brand](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass inherits this method, and must still tell its own instances from others.
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class on the right of instanceof
    if (this !== QuiverError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return (
      typeof value === 'object' &&
      value !== null &&
      (value as { [brand]?: unknown })[brand] === true
    );
  }
}

const knownCodes: ReadonlySet<string> = new Set(errorCodes);

/** A value as a message shows it: short, and never throwing. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 64
        ? `${JSON.stringify(value.slice(0, 61))}… (string)`
        : `${JSON.stringify(value)} (string)`;
    case 'number':
    case 'boolean':
    case 'bigint':
      return `${String(value)} (${typeof value})`;
    case 'undefined':
      return 'undefined';
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default: {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `an array of length ${value.length}`;
      const tag = Object.prototype.toString.call(value).slice(8, -1);
      if (ArrayBuffer.isView(value)) return `a ${tag}`;
      const name = className(value as object);
      return name === undefined || name === 'Object' ? 'an object' : `an instance of ${name}`;
    }
  }
}

function className(value: object): string | undefined {
  try {
    const made = (value as { constructor?: unknown }).constructor;
    return typeof made === 'function' ? made.name : undefined;
  } catch {
    return undefined;
  }
}

/** The one builder of messages about a wrong argument: "Expected <what> for <name>, got <value> (<type>)". */
export function expected(
  code: ErrorCode,
  what: string,
  name: string,
  value: unknown,
  details: ErrorDetails = {},
): QuiverError {
  return new QuiverError(code, `Expected ${what} for ${name}, got ${describe(value)}`, details);
}

/** What the engine needs to know of a call to report its failure in the caller's words. */
export interface ErrorContext {
  readonly folder?: string;
  /** The id of the item at a position of the batch. */
  readonly idAt?: (item: number) => string | undefined;
  /** Where the batch starts in what the caller passed in. @default 0 */
  readonly firstItem?: number;
}

const noItem = 0xffffffff;

/** Turns what a binding rejected with, `{code, message, item}`, into a QuiverError. The only place that does. */
export function fromEngine(error: unknown, context: ErrorContext = {}): QuiverError {
  if (error instanceof QuiverError) return error;
  const raw = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const text =
    typeof raw['message'] === 'string' && raw['message'] !== '' ? raw['message'] : String(error);
  const code =
    typeof raw['code'] === 'string' && knownCodes.has(raw['code'])
      ? (raw['code'] as ErrorCode)
      : 'INTERNAL';
  const position =
    typeof raw['item'] === 'number' && raw['item'] < noItem ? raw['item'] : undefined;
  const id = position === undefined ? undefined : context.idAt?.(position);
  const item = position === undefined ? undefined : position + (context.firstItem ?? 0);
  const details: ErrorDetails = {
    ...(item === undefined ? {} : { item }),
    ...(id === undefined ? {} : { id }),
    ...(context.folder === undefined ? {} : { folder: context.folder }),
  };
  return new QuiverError(code, familiarText(code, text, id), details, { cause: error });
}

/** The texts that Vectra's users match on; the engine's own text for everything else. */
function familiarText(code: ErrorCode, text: string, id: string | undefined): string {
  switch (code) {
    case 'INDEX_NOT_FOUND':
      return 'Index does not exist';
    case 'INDEX_EXISTS':
      return 'Index already exists';
    case 'ITEM_EXISTS':
      return id === undefined ? text : `Item with id ${id} already exists`;
    default:
      return text;
  }
}
