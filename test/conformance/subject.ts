import type {
  ArchiveSource,
  Backend,
  DownloadOptions,
  ImportOptions,
  LocalIndex,
  LocalIndexOptions,
  Metadata,
  RepairOptions,
  RepairResult,
  StorageKind,
} from '../../js/index.ts';

/** What a suite tests: an entry point with a place for its indexes. */
export interface Subject {
  readonly name: string;
  readonly backend: Backend;
  readonly storage: StorageKind;
  readonly LocalIndex: {
    new <T extends object = Metadata>(folder: string, options?: LocalIndexOptions): LocalIndex<T>;
    importArchive<T extends object = Metadata>(
      source: ArchiveSource,
      folder: string,
      options?: ImportOptions,
    ): Promise<LocalIndex<T>>;
    fromUrl<T extends object = Metadata>(
      url: string | URL,
      folder: string,
      options?: DownloadOptions,
    ): Promise<LocalIndex<T>>;
    repair(source: string, target: string, options?: RepairOptions): Promise<RepairResult>;
  };
  /** A folder that does not exist yet, and what removes it and those whose names begin with its name. */
  readonly newFolder: () => Promise<{ folder: string; remove: () => Promise<void> }>;
  readonly files: TestFiles;
  /** Whether `querySync` answers. */
  readonly sync: boolean;
  /** Whether the clock tells microseconds: those of browsers may not. */
  readonly fineClock: boolean;
  /** Those numbers in an array of another realm. */
  readonly foreign: (numbers: readonly number[]) => Float32Array;
}

export interface TestFiles {
  list(folder: string): Promise<string[]>;
  read(folder: string, name: string): Promise<Uint8Array>;
  write(folder: string, name: string, bytes: Uint8Array): Promise<void>;
  remove(folder: string, name: string): Promise<void>;
}
