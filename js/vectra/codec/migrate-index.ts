import { pathUtils } from '../path-utils.ts';
import type { FileStorage } from '../storage/file-storage.ts';
import { FileStorageUtilities } from '../storage/file-storage-utilities.ts';
import { defaultStorage } from '../stores.ts';
import type { IndexCodec } from './index-codec.ts';
import { JsonCodec } from './json-codec.ts';
import { ProtobufCodec } from './protobuf-codec.ts';

export type FormatName = 'json' | 'protobuf';

export interface MigrateOptions {
  to: FormatName;
  storage?: FileStorage;
}

/**
 * The codec that a folder's index was written with.
 *
 * @throws when there is an index of both kinds, or of none
 */
export async function detectCodec(folderPath: string, storage: FileStorage): Promise<IndexCodec> {
  const json = await storage.pathExists(pathUtils.join(folderPath, 'index.json'));
  const protobuf = await storage.pathExists(pathUtils.join(folderPath, 'index.pb'));
  if (json && protobuf) {
    throw new Error(
      'Both index.json and index.pb found — the index may be in a partially migrated state. ' +
        'Run `vectra migrate` or `migrateIndex()` to complete the migration.',
    );
  }
  if (protobuf) return new ProtobufCodec();
  if (json) return new JsonCodec();
  throw new Error('No index file found (expected index.json or index.pb).');
}

/** Writes a folder's index, catalog and metadata in the other format, then deletes the old files. Nobody else may write meanwhile. */
export async function migrateIndex(folderPath: string, options: MigrateOptions): Promise<void> {
  const storage = options.storage ?? defaultStorage();
  const target = options.to === 'protobuf' ? new ProtobufCodec() : new JsonCodec();
  const source = await detectCodec(folderPath, storage);
  if (source.extension === target.extension) return;

  const pathOf = (name: string): string => pathUtils.join(folderPath, name);
  /** Files that the new index does not need. They go last, the index at the end. */
  const old: string[] = [];

  const copyMetadata = async (stem: string): Promise<void> => {
    const from = pathOf(stem + source.extension);
    const metadata = source.deserializeMetadata(await storage.readFile(from));
    await storage.upsertFile(pathOf(stem + target.extension), target.serializeMetadata(metadata));
    old.push(from);
  };

  const index = source.deserializeIndex(await storage.readFile(pathOf(`index${source.extension}`)));
  for (const item of index.items) {
    if (!item.metadataFile?.endsWith(source.extension)) continue;
    const stem = item.metadataFile.slice(0, -source.extension.length);
    await copyMetadata(stem);
    item.metadataFile = stem + target.extension;
  }

  const catalogPath = pathOf(`catalog${source.extension}`);
  if (await storage.pathExists(catalogPath)) {
    const catalog = source.deserializeCatalog(await storage.readFile(catalogPath));
    for (const id of Object.keys(catalog.idToUri))
      if (await storage.pathExists(pathOf(id + source.extension))) await copyMetadata(id);
    await storage.upsertFile(
      pathOf(`catalog${target.extension}`),
      target.serializeCatalog(catalog),
    );
    old.push(catalogPath);
  }

  await storage.upsertFile(pathOf(`index${target.extension}`), target.serializeIndex(index));
  for (const path of old) await FileStorageUtilities.tryDeleteFile(storage, path);
  await storage.deleteFile(pathOf(`index${source.extension}`));
}
