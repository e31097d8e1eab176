import { JsonSplitter } from '../../json-parts.ts';
import { bufferOf, concatenated, textOf } from '../bytes.ts';
import type { IndexData, IndexItem, MetadataTypes } from '../types.ts';
import type { DocumentCatalog, IndexCodec } from './index-codec.ts';

/** Texts are joined up to this many characters before they become bytes. */
const pieceCharacters = 1 << 20;

/** Longer than this, JSON.parse might not get a string of it. */
const wholeBytes = 256 << 20;

/** Vectra's `.json` files, of any size: an index longer than V8's longest string is written and read in pieces. */
export class JsonCodec implements IndexCodec {
  readonly extension = '.json';

  serializeIndex(data: IndexData): Buffer {
    return concatenated([...indexPieces(data)]);
  }

  deserializeIndex(buffer: Buffer): IndexData {
    if (buffer.length <= wholeBytes) return JSON.parse(textOf(buffer)) as IndexData;
    const items: unknown[] = [];
    const members: Record<string, unknown> = {};
    const splitter = new JsonSplitter('items', (problem) => new Error(`Index file: ${problem}`));
    for (const part of splitter.feed(buffer)) {
      if (part.kind === 'element') items.push(part.value);
      else members[part.name] = part.value;
    }
    splitter.end();
    return { ...members, items } as unknown as IndexData;
  }

  serializeCatalog(catalog: DocumentCatalog): Buffer {
    return bufferOf(JSON.stringify(catalog));
  }

  deserializeCatalog(buffer: Buffer): DocumentCatalog {
    return JSON.parse(textOf(buffer)) as DocumentCatalog;
  }

  serializeMetadata(metadata: Record<string, MetadataTypes>): Buffer {
    return bufferOf(JSON.stringify(metadata));
  }

  deserializeMetadata(buffer: Buffer): Record<string, MetadataTypes> {
    return JSON.parse(textOf(buffer)) as Record<string, MetadataTypes>;
  }
}

/** What JSON.stringify makes of `data`, in pieces. */
export function* indexPieces(data: IndexData): Generator<Buffer, void, undefined> {
  const { items, ...members } = data;
  const head = JSON.stringify(members);
  let text = `${head.slice(0, -1)}${head === '{}' ? '' : ','}"items":[`;
  let separator = '';
  for (const item of items as IndexItem[]) {
    text += separator + JSON.stringify(item);
    separator = ',';
    if (text.length < pieceCharacters) continue;
    yield bufferOf(text);
    text = '';
  }
  yield bufferOf(`${text}]}`);
}
