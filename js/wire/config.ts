import { QuiverError } from '../errors.ts';
import type { MetadataConfig } from '../types.ts';
import { ByteWriter } from './byte-writer.ts';
import { readValue } from './msgpack-reader.ts';
import { writeValue } from './msgpack-writer.ts';

/** What js/ keeps with an index, opaque to the core. */
export interface UserConfig {
  readonly version: number;
  readonly metadata_config: MetadataConfig;
}

export interface CoreConfig {
  readonly dimensions: number;
  readonly metric: string;
  readonly M: number;
  readonly efConstruction: number | null;
  readonly quantization: string;
  /** Absent: all fields are. */
  readonly indexed?: readonly string[];
}

/** The `config` of `create`; see docs/engine-messages.md. */
export function packConfig(core: CoreConfig, user: UserConfig): Uint8Array {
  const inner = new ByteWriter();
  writeValue(inner, user, 'skip', refuse);
  const writer = new ByteWriter();
  const entries = Object.entries(core);
  writer.u8(0x80 | (entries.length + 1));
  for (const [key, value] of entries) {
    writeValue(writer, key, 'skip', refuse);
    writeValue(writer, value, 'skip', refuse);
  }
  writeValue(writer, 'user', 'skip', refuse);
  writer.u8(0xc6); // bin 32
  writer.u32(inner.size);
  writer.raw(inner.bytes);
  return writer.bytes;
}

/** The `options` of `open`. */
export function packOpenOptions(options: {
  durability: string;
  readOnly: boolean;
  sealThreshold: number | undefined;
  useMmap: boolean | undefined;
  mmapThreshold: number | undefined;
  memoryLimit: number | undefined;
  slowQueryMs: number | undefined;
  cacheSize: number | undefined;
  cacheTtlMs: number | undefined;
}): Uint8Array {
  const writer = new ByteWriter();
  writeValue(writer, options, 'skip', refuse);
  return writer.bytes;
}

export function readUserConfig(bytes: unknown): UserConfig {
  const value = bytes instanceof Uint8Array && bytes.length > 0 ? readValue(bytes) : {};
  const { version, metadata_config } = value as Partial<UserConfig>;
  return { version: version ?? 1, metadata_config: metadata_config ?? {} };
}

function refuse(path: string, problem: string): Error {
  return new QuiverError(
    'INVALID_ARGUMENT',
    `The configuration${path === '' ? '' : ` at ${path}`}: ${problem}`,
    { path },
  );
}
