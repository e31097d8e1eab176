/** Where an item's bytes are in the index file, in a list of those that count, in the file's order. */
export interface Place {
  start: number;
  end: number;
  /** JSON: where the comma before it is; -1 for the first item. */
  comma: number;
  previous: Place | undefined;
  next: Place | undefined;
}
