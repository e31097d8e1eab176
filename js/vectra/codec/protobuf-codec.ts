import type { Type } from 'protobufjs';
import { bufferOf, textOf } from '../bytes.ts';
import { missing, peer } from '../peers.ts';
import type { IndexData, IndexItem, MetadataTypes } from '../types.ts';
import type { DocumentCatalog, IndexCodec } from './index-codec.ts';
import { schema } from './schema.ts';

interface Messages {
  readonly index: Type;
  readonly item: Type;
  readonly catalog: Type;
}

let messages: Messages | undefined;

function loadMessages(): Messages {
  if (messages === undefined) {
    const { Root } = peer<typeof import('protobufjs')>(
      'protobufjs',
      missing('ProtobufCodec', 'protobufjs'),
    );
    const root = Root.fromJSON(schema);
    messages = {
      index: root.lookupType('IndexData'),
      item: root.lookupType('IndexItem'),
      catalog: root.lookupType('DocumentCatalog'),
    };
  }
  return messages;
}

type Fields = Record<string, unknown>;

function encode(type: Type, fields: Fields): Buffer {
  const problem = type.verify(fields);
  if (problem) throw new Error(`Protobuf verify error: ${problem}`);
  return bufferOf(type.encode(type.create(fields)).finish());
}

const decode = (type: Type, bytes: Uint8Array): Fields =>
  type.toObject(type.decode(bytes), { longs: Number, defaults: true, oneofs: true }) as Fields;

const toValue = (value: unknown): Fields => {
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return { stringValue: String(value) };
};

const fromValue = (message: Fields): MetadataTypes =>
  (message[message['value'] as string] ?? '') as MetadataTypes;

const mapped = <T, U>(map: Record<string, T>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));

function toMessage(item: IndexItem): Fields {
  const { id, vector, norm, metadataFile } = item;
  const metadata = mapped(item.metadata ?? {}, toValue);
  return { id, metadata, vector, norm, ...(metadataFile ? { metadataFile } : {}) };
}

function fromMessage(fields: Fields): IndexItem {
  const metadataFile = fields['metadataFile'] as string | undefined;
  return {
    id: fields['id'] as string,
    metadata: mapped((fields['metadata'] ?? {}) as Record<string, Fields>, fromValue),
    vector: Array.from((fields['vector'] ?? []) as number[]),
    norm: fields['norm'] as number,
    ...(metadataFile ? { metadataFile } : {}),
  };
}

/** Vectra's `.pb` files: vectors as float32, an eighth of the size in JSON. Needs the package `protobufjs`. */
export class ProtobufCodec implements IndexCodec {
  readonly extension = '.pb';

  /** @throws when `protobufjs` is not installed */
  constructor() {
    loadMessages();
  }

  serializeIndex(data: IndexData): Buffer {
    return encode(loadMessages().index, {
      version: data.version,
      metadataConfig: { indexed: data.metadata_config?.indexed ?? [] },
      items: data.items.map(toMessage),
    });
  }

  deserializeIndex(buffer: Buffer): IndexData {
    const fields = decode(loadMessages().index, new Uint8Array(buffer));
    const config = fields['metadataConfig'] as { indexed?: string[] } | null;
    return {
      version: fields['version'] as number,
      metadata_config: { indexed: config?.indexed ?? [] },
      items: ((fields['items'] ?? []) as Fields[]).map(fromMessage),
    };
  }

  /** One item as the index has it, without what stands before it there. */
  serializeItem(item: IndexItem): Buffer {
    return encode(loadMessages().item, toMessage(item));
  }

  deserializeItem(bytes: Uint8Array): IndexItem {
    return fromMessage(decode(loadMessages().item, bytes));
  }

  serializeCatalog(catalog: DocumentCatalog): Buffer {
    return encode(loadMessages().catalog, { ...catalog });
  }

  deserializeCatalog(buffer: Buffer): DocumentCatalog {
    const { version, count, uriToId, idToUri, uriToHash } = decode(
      loadMessages().catalog,
      new Uint8Array(buffer),
    ) as unknown as DocumentCatalog;
    const hashes = uriToHash ?? {};
    return {
      version,
      count,
      uriToId: uriToId ?? {},
      idToUri: idToUri ?? {},
      ...(Object.keys(hashes).length > 0 ? { uriToHash: hashes } : {}),
    };
  }

  /** Files of metadata are JSON with either codec. */
  serializeMetadata(metadata: Record<string, MetadataTypes>): Buffer {
    return bufferOf(JSON.stringify(metadata));
  }

  deserializeMetadata(buffer: Buffer): Record<string, MetadataTypes> {
    return JSON.parse(textOf(buffer)) as Record<string, MetadataTypes>;
  }
}
