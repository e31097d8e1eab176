import { access, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Metadata, type MetadataConfig, QuiverError } from '../../index.ts';
import { InputFile } from '../files/input.ts';
import { jsonParts } from '../files/json-items.ts';
import type { Format, ReadItem, Source } from './format.ts';
import { itemOf } from './json-item.ts';
import { parseObject } from './jsonl.ts';

const maxMetadataBytes = 64 << 20;

const noProtobuf =
  "Vectra's Protocol Buffers index (.pb) is not read; make it JSON with vectra migrate first";

/** A folder of Vectra's LocalIndex: index.json and, beside it, a file for each item with more than indexed metadata. */
export const vectra: Format = {
  name: 'vectra',
  endings: ['.json'],
  read: async (path) => {
    const isFolder = (await stat(path)).isDirectory();
    const indexPath = isFolder ? join(path, 'index.json') : path;
    if (isFolder && !(await exists(indexPath))) {
      if (await exists(join(path, 'index.pb')))
        throw new QuiverError('UNSUPPORTED_FORMAT', `${path}: ${noProtobuf}`);
      throw new QuiverError(
        'MISSING_FILE',
        `${path} has no index.json, which a folder of Vectra has`,
      );
    }
    return new VectraSource(await InputFile.open(indexPath));
  },
};

export const vectraProtobuf: Format = {
  name: 'vectra-pb',
  endings: ['.pb'],
  refused: noProtobuf,
};

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // what cannot be reached is told apart when it is opened
  }
}

class VectraSource implements Source {
  readonly unit = 'item';
  metadataConfig: MetadataConfig | undefined;
  readonly #file: InputFile;

  constructor(file: InputFile) {
    this.#file = file;
  }

  get fraction(): number | undefined {
    return this.#file.fraction;
  }

  async *items(): AsyncGenerator<ReadItem, void, undefined> {
    for await (const part of jsonParts(this.#file, 'items')) {
      if (part.kind === 'member') {
        if (part.name === 'metadata_config') this.metadataConfig = this.#config(part.value);
        continue;
      }
      const { at, value } = part;
      const refuse = (problem: string): Error => this.#file.corrupt(`item ${at}: ${problem}`);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw refuse('it is no object');
      const { item, metadataFile } = itemOf(value as Record<string, unknown>, refuse);
      const bytes = Array.isArray(item.vector) ? item.vector.length * 8 : 0;
      if (metadataFile === undefined) yield { item, place: at, bytes };
      else
        yield {
          item: { ...item, metadata: await this.#metadata(metadataFile, refuse) },
          place: at,
          bytes,
        };
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** The whole metadata of an item that has only its indexed fields in the index. */
  async #metadata(name: unknown, refuse: (problem: string) => Error): Promise<Metadata> {
    // Only a name: a path could lead out of the folder.
    if (typeof name !== 'string' || !/^[^/\\\0]+$/.test(name) || /^\.{1,2}$/.test(name))
      throw refuse('its metadataFile is no file name');
    const file = await InputFile.open(join(dirname(this.#file.path), name));
    try {
      const { size = 0 } = file;
      if (size > maxMetadataBytes)
        throw file.corrupt(`it has ${size} bytes, expected at most ${maxMetadataBytes}`);
      const text = (await file.take(size)).toString('utf8');
      return parseObject(text, (problem) => file.corrupt(problem)) as Metadata;
    } finally {
      await file.close();
    }
  }

  #config(value: unknown): MetadataConfig {
    const indexed = (value as { indexed?: unknown } | null)?.indexed;
    if (indexed === undefined) return {};
    if (Array.isArray(indexed) && indexed.every((name) => typeof name === 'string'))
      return { indexed };
    throw this.#file.corrupt('its metadata_config.indexed is no list of names');
  }
}
