import type { EngineLoader } from './engine/engine.ts';
import { fromEngine, QuiverError } from './errors.ts';
import { checkFolder, checkRepairOptions, type RepairOptions } from './options.ts';
import { memoryPrefix } from './storage/routed-fs.ts';
import type { RepairResult } from './types.ts';
import { readMap } from './wire/results.ts';

/** What `LocalIndex.repair` does, with the engines that an entry point can load. */
export async function repairIndex(
  load: EngineLoader,
  source: string,
  target: string,
  options: RepairOptions,
): Promise<RepairResult> {
  checkFolder('source', source);
  checkFolder('target', target);
  const { backend } = checkRepairOptions(options);
  const inMemory = [source, target].find((folder) => folder.startsWith(memoryPrefix));
  if (backend === 'native' && inMemory !== undefined) {
    throw new QuiverError(
      'INVALID_ARGUMENT',
      `The native backend keeps no index in memory, got the folder ${inMemory}`,
    );
  }
  const { engine } = await load(backend ?? (inMemory === undefined ? undefined : 'wasm'));
  try {
    return readMap(await engine.repair(source, target)) as unknown as RepairResult;
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw fromEngine(error, { folder: code === 'INDEX_EXISTS' ? target : source });
  }
}
