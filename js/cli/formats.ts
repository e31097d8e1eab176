import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { QuiverError } from '../index.ts';
import { UsageError } from './failure.ts';
import type { Format, Sink, SinkOptions, Source } from './formats/format.ts';
import { jsonl } from './formats/jsonl.ts';
import { npy } from './formats/npy.ts';
import { bvecs, fvecs, ivecs } from './formats/vecs.ts';
import { vectra, vectraProtobuf } from './formats/vectra.ts';

/** Every format that files are recognised by. */
export const formats: readonly Format[] = [npy, fvecs, bvecs, ivecs, jsonl, vectra, vectraProtobuf];

type Direction = 'read' | 'write';

export function formatNames(direction: Direction): string[] {
  return formats.filter((format) => format[direction] !== undefined).map(({ name }) => name);
}

/** Opens a file or folder for reading, with the format that its name tells unless `name` does. */
export async function openSource(
  path: string,
  name: string | undefined,
): Promise<{ readonly format: Format; readonly source: Source }> {
  const format =
    name === undefined && (await stat(path)).isDirectory() ? vectra : formatOf(path, name, 'read');
  return { format, source: await (format.read as NonNullable<Format['read']>)(path) };
}

export async function openSink(
  path: string,
  name: string | undefined,
  options: SinkOptions,
): Promise<Sink> {
  const format = formatOf(path, name, 'write');
  return (format.write as NonNullable<Format['write']>)(path, options);
}

function formatOf(path: string, name: string | undefined, direction: Direction): Format {
  const lower = basename(path).toLowerCase();
  const format = formats.find((each) =>
    name === undefined ? each.endings.some((ending) => lower.endsWith(ending)) : each.name === name,
  );
  if (format?.refused !== undefined)
    throw new QuiverError('UNSUPPORTED_FORMAT', `${path}: ${format.refused}`);
  if (format?.[direction] !== undefined) return format;
  const known = formatNames(direction).join(', ');
  if (format !== undefined)
    throw new UsageError(`The format ${format.name} is not written; expected one of ${known}`);
  throw new UsageError(
    `The name of ${path} does not tell its format; give --format, one of ${known}`,
  );
}
