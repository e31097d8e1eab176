import { QuiverError } from '../errors.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeValue } from './msgpack-writer.ts';

/** What few queries ask for; see docs/engine-messages.md. */
export interface RareQueryOptions {
  readonly groupBy: { readonly field: string; readonly limit: number } | undefined;
  readonly mmr: { readonly lambda: number; readonly candidates: number } | undefined;
}

const none = new Uint8Array(0);

/** Empty where nothing is asked for. */
export function packQueryOptions(options: RareQueryOptions): Uint8Array {
  if (options.groupBy === undefined && options.mmr === undefined) return none;
  const writer = new ByteWriter();
  writeValue(writer, options, 'skip', (path, problem) => {
    return new QuiverError('INVALID_ARGUMENT', `${path}: ${problem}`, { path });
  });
  return writer.bytes;
}
