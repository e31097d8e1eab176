// node_modules, as package-lock.json says.
import { readFileSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { run, say, withRetries } from './process.mjs';

const readPackages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** Whether npm's own record of what it installed agrees with the lock file. */
function installedMatchesLock() {
  let installed;
  try {
    installed = readPackages(inRoot('node_modules', '.package-lock.json'));
  } catch {
    return false;
  }
  const locked = readPackages(inRoot('package-lock.json'));
  const same = (path) =>
    installed[path]?.version === locked[path]?.version &&
    installed[path]?.integrity === locked[path]?.integrity;
  return (
    Object.keys(installed).every(same) &&
    // Packages for other platforms stand in the lock file and are not installed.
    Object.entries(locked).every(
      ([path, entry]) => path === '' || entry.optional || entry.devOptional || same(path),
    )
  );
}

export async function ensureNpmPackages() {
  if (installedMatchesLock()) return;
  say('Installing npm packages into node_modules (npm ci)');
  // No package here needs its install script; binding.gyp is built by scripts/build.mjs.
  await withRetries(
    'npm ci',
    () =>
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
        quiet: true,
      }),
    3,
  );
}
