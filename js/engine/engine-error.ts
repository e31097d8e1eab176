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

/** What a session says that is of no use any more: its engine is gone, or its files are not what they were. */
export class EngineLost extends EngineError {
  /** Whether the call had begun, so that what it asked for may have been done. */
  readonly asked: boolean;

  constructor(message: string, asked: boolean) {
    super('ENGINE_LOST', message);
    this.asked = asked;
  }

  /** The same for a call that comes after the loss. */
  unasked(): EngineLost {
    return new EngineLost(this.message, false);
  }
}
