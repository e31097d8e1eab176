/** No item in particular. */
export const noItem = 0xffffffff;

/** An error as it crosses the boundary of an engine. */
export class EngineError extends Error {
  readonly code: string;
  /** The position of the offending item in the batch, or {@link noItem}. */
  readonly item: number;

  constructor(code: string, message: string, item: number = noItem) {
    super(message);
    this.code = code;
    this.item = item;
  }
}
