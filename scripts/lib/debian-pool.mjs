// Packages of Debian 13 (trixie), unpacked into a folder of ours; nothing is installed. They come from the mirror that
// this machine's apt already uses, through a private sources list, so apt checks them against its signed index. On top
// of that, the version that was tested is asked for by name and must have the SHA-256 recorded here. When the mirror
// has moved on to another Debian revision of the same upstream version, that one is taken with a warning (apt has
// checked it); another upstream version, or a recorded version with another hash, is refused.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolchain } from './paths.mjs';
import { capture, run, UserError, warn, which, withRetries } from './process.mjs';
import { sha256OfFile } from './stamp.mjs';

const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const stateFolder = join(toolchain, 'apt');
const upstream = (version) => version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');

/** The mirror's address as apt knows it, or undefined where there is no apt or no Debian. */
function mirror() {
  if (!which('apt-get') || !which('dpkg')) return undefined;
  const targets =
    capture('apt-get', [
      'indextargets',
      '--format',
      '$(LABEL)|$(COMPONENT)|$(REPO_URI)',
      'Created-By: Packages',
    ]) ?? '';
  const line = targets.split('\n').find((target) => target.startsWith('Debian|main|'));
  return line?.split('|')[2];
}

export const poolAvailable = () => mirror() !== undefined;
export const debianArchitecture = () => capture('dpkg', ['--print-architecture']);

let prepared;

/** The apt options of the private state, after one update. */
function privateApt() {
  prepared ??= (async () => {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'debs'])
      mkdirSync(join(stateFolder, folder), { recursive: true });
    const sources = join(stateFolder, 'sources.list');
    const signedBy = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
    writeFileSync(sources, `deb ${signedBy}${mirror()} ${suite} main\n`);
    const options = [
      `Dir::Etc::sourcelist=${sources}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::lists=${join(stateFolder, 'lists')}`,
      `Dir::Cache=${join(stateFolder, 'cache')}`,
      'APT::Sandbox::User=root',
      'APT::Get::AllowUnauthenticated=false',
      'Acquire::AllowInsecureRepositories=false',
      'Acquire::Languages=none',
      'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false',
      'Acquire::Retries=3',
    ].flatMap((option) => ['-o', option]);
    await withRetries(`Reading the index of ${suite}`, () =>
      run('apt-get', [...options, '-q', 'update', '--error-on=any'], { quiet: true }),
    );
    return options;
  })();
  return prepared;
}

async function download(options, request) {
  const folder = join(stateFolder, 'debs', request.replace(/[^\w.+-]/g, '_'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run('apt-get', [...options, '-q', 'download', request], { cwd: folder, quiet: true });
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  return join(folder, file);
}

/**
 * Fetches and unpacks a package into `target`. `version` and `sha256` are the pin ({ name } alone takes what the suite
 * has); `sha256` may be an object by Debian architecture.
 */
export async function unpackDeb({ name, version, sha256 }, target) {
  const options = await privateApt();
  let file;
  if (version) {
    const known = capture('apt-cache', [...options, 'show', `${name}=${version}`]);
    if (known) {
      file = await withRetries(`Downloading ${name}`, () =>
        download(options, `${name}=${version}`),
      );
      const expected = typeof sha256 === 'object' ? sha256[debianArchitecture()] : sha256;
      const actual = sha256OfFile(file);
      if (expected && actual !== expected) {
        throw new UserError(
          `${name} ${version} has SHA-256 ${actual}, but ${expected} was recorded when it was tested. Not used.`,
        );
      }
    }
  }
  if (!file) {
    file = await withRetries(`Downloading ${name}`, () => download(options, `${name}/${suite}`));
    const actual = capture('dpkg-deb', ['-f', file, 'Version']) ?? '';
    if (version && upstream(actual) !== upstream(version)) {
      throw new UserError(`The mirror has ${name} ${actual}; ${version} was tested. Not used.`);
    }
    if (version)
      warn(
        `${name}: the mirror no longer has ${version}; taking ${actual}, which apt's signed index vouches for.`,
      );
  }
  mkdirSync(target, { recursive: true });
  await run('dpkg', ['-x', file, target], { quiet: true });
}

/** Removes downloads and indexes: they are large and not needed again. */
export function cleanPool() {
  rmSync(stateFolder, { recursive: true, force: true });
  prepared = undefined;
}
