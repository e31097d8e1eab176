import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require: NodeJS.Require = createRequire(import.meta.url);

/** What came of looking for the addon. */
export interface AddonSearch {
  /** What the addon exports; undefined when none could be loaded. */
  readonly addon: unknown;
  /** One sentence for each place that was tried. */
  readonly attempts: readonly string[];
}

/** Loads the addon: the local build of a checkout first, then the prebuilt package of this platform. */
export function findAddon(): AddonSearch {
  const attempts: string[] = [];
  const candidates: [name: string, load: () => unknown][] = [];
  const local = localBuild();
  if (local !== undefined) candidates.push([local, () => require(local)]);
  candidates.push(['prebuilt addon', () => loadPrebuilt(platformTarget())]);
  for (const [name, load] of candidates) {
    try {
      const addon = load();
      attempts.push(`${name}: loaded`);
      return { addon, attempts };
    } catch (error) {
      attempts.push(`${name}: ${reason(error)}`);
    }
  }
  return { addon: undefined, attempts };
}

/** The first line of what went wrong, and what to do about a package that is not installed. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const line = error.message.split('\n')[0] as string;
  const missing = /^Cannot find module '(@quiverdb\/[\w-]+)'/.exec(line)?.[1];
  return missing === undefined
    ? line
    : `${missing} is not installed, as happens with --omit=optional or a lock file made on another platform`;
}

/** Each package is named in full, so that bundlers and tracers of dependencies see what may be needed. */
function loadPrebuilt(target: string): unknown {
  switch (target) {
    case 'linux-x64-gnu':
      return require('@quiverdb/linux-x64-gnu');
    case 'linux-x64-musl':
      return require('@quiverdb/linux-x64-musl');
    case 'linux-arm64-gnu':
      return require('@quiverdb/linux-arm64-gnu');
    case 'linux-arm64-musl':
      return require('@quiverdb/linux-arm64-musl');
    case 'darwin-x64':
      return require('@quiverdb/darwin-x64');
    case 'darwin-arm64':
      return require('@quiverdb/darwin-arm64');
    case 'win32-x64':
      return require('@quiverdb/win32-x64');
    case 'win32-arm64':
      return require('@quiverdb/win32-arm64');
    default:
      throw new Error(`Quiver has none for ${target}`);
  }
}

/** This platform's name among the prebuilt packages, such as `linux-x64-musl`. */
export function platformTarget(): string {
  const base = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? `${base}-${isMusl() ? 'musl' : 'gnu'}` : base;
}

/** Node reports the version of glibc that it runs on, and nothing on musl. */
function isMusl(): boolean {
  const maker = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (maker === undefined) return false;
  // Without this the report looks up the name of every open connection, which takes seconds.
  const before = maker.excludeNetwork;
  maker.excludeNetwork = true;
  try {
    const report = maker.getReport() as { header?: { glibcVersionRuntime?: string } };
    return report.header?.glibcVersionRuntime === undefined;
  } finally {
    maker.excludeNetwork = before ?? false;
  }
}

/** `build/Release/quiver.node` of the package that this file lies in, if there is one. */
function localBuild(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  // js/engine/ or dist/, so the package is one or two levels up.
  for (let level = 0; level < 3; level++) {
    if (isOurPackage(folder)) {
      const path = join(folder, 'build', 'Release', 'quiver.node');
      return existsSync(path) ? path : undefined;
    }
    folder = dirname(folder);
  }
  return undefined;
}

function isOurPackage(folder: string): boolean {
  try {
    return (
      (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown })
        .name === 'quiverdb'
    );
  } catch {
    return false;
  }
}
