import type { FoundItem, ItemInput, MetadataConfig } from '../../index.ts';

/** An item as a file has it, and where. */
export interface ReadItem {
  readonly item: ItemInput;
  /** The number of its {@link Source.unit}. */
  readonly place: number;
  /** About the memory that it takes. */
  readonly bytes: number;
}

/** A file that items are read from, once. */
export interface Source {
  /** What places count: lines from 1, rows and items from 0. */
  readonly unit: 'line' | 'row' | 'item';
  /** The length of the vectors, when the file says so before its first. */
  readonly dimensions?: number;
  /** Known once the first item was read, if ever. */
  readonly metadataConfig?: MetadataConfig | undefined;
  /** How much was read, 0 to 1; undefined when nobody knows. */
  readonly fraction: number | undefined;
  items(): AsyncGenerator<ReadItem, void, undefined>;
  close(): Promise<void>;
}

export interface SinkOptions {
  /** 0 while the index has no vector. */
  readonly dimensions: number;
  readonly vectors: boolean;
}

/** Files that items are written to. They have their names after `finish`. */
export interface Sink {
  readonly paths: readonly string[];
  write(items: readonly FoundItem[]): Promise<void>;
  finish(): Promise<void>;
  /** Removes what was written. After a `finish` that succeeded there is nothing to remove. */
  discard(): Promise<void>;
}

/** One format: a file in js/cli/formats and a line in js/cli/formats.ts. */
export interface Format {
  readonly name: string;
  /** Endings of file names, with the dot. */
  readonly endings: readonly string[];
  /** Whether its items are vectors only, so that ids and metadata come from other files. */
  readonly bare?: boolean;
  /** Checks the beginning of the file. Undefined for a format that is not read. */
  readonly read?: (path: string) => Promise<Source>;
  readonly write?: (path: string, options: SinkOptions) => Promise<Sink>;
  /** Why it is neither read nor written. */
  readonly refused?: string;
}
