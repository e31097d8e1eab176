// The libraries that the core is built with, in .toolchain/include/: hnswlib 0.8.0 and simde 0.8.2, headers only, and
// the sources of zstd 1.5.7, which both builds compile themselves. Where from, first that applies: a folder named by
// QUIVER_HNSWLIB_INCLUDE, QUIVER_SIMDE_INCLUDE or QUIVER_ZSTD_INCLUDE (the one that holds hnswlib/, simde/ or zstd/, the
// last being the folder lib of zstd's release); Debian 13's packages; for hnswlib and zstd, npm packages that carry the
// same files; for simde, the system's own /usr/include.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { poolAvailable, unpackDeb } from './debian-pool.mjs';
import { includeFolder, toolchain } from './paths.mjs';
import { run, say, UserError, warn, withRetries } from './process.mjs';
import { filesBelow, hashOfFiles, step } from './stamp.mjs';

const libraries = [
  {
    name: 'hnswlib',
    header: 'hnswlib/hnswlib.h',
    version: '0.8.0',
    variable: 'QUIVER_HNSWLIB_INCLUDE',
    deb: {
      name: 'libhnswlib-dev',
      version: '0.8.0-1',
      sha256: '08715ab0492bda565bf5dcd831c9dacb96a6345e911c38301fcde9848b1e9399',
    },
    treeHash: 'd82a054e1348a32a0c21af2d0563c23d0470048a97ec4817d72578605ae37cdd',
    elsewhere: fromHnswlibNode,
  },
  {
    name: 'simde',
    header: 'simde/x86/sse2.h',
    version: '0.8.2',
    variable: 'QUIVER_SIMDE_INCLUDE',
    deb: {
      name: 'libsimde-dev',
      version: '0.8.2-3',
      sha256: '277dcde3fb84223b7026174042646e236da42adce2fcb77031807ede8166a51e',
    },
    elsewhere: fromSystemIncludes,
  },
  {
    name: 'zstd',
    header: 'zstd/zstd.h',
    version: '1.5.7',
    variable: 'QUIVER_ZSTD_INCLUDE',
    treeHash: 'be1dfd7aa748dfd93711d22078b2dc05b0fc4c07cba8e3f15efab38a4000a7cb',
    elsewhere: fromZstdNapi,
  },
];

async function fromNpm(name, version, scratch) {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  await withRetries(`npm pack ${name}`, () =>
    run(
      'npm',
      [
        'pack',
        `${name}@${version}`,
        '--ignore-scripts',
        '--loglevel=error',
        '--pack-destination',
        folder,
      ],
      { quiet: true },
    ),
  );
  const [archive] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  await run('tar', ['-xzf', archive], { cwd: folder, quiet: true });
  return join(folder, 'package');
}

async function fromHnswlibNode(scratch) {
  return join(await fromNpm('hnswlib-node', '3.0.0', scratch), 'src');
}

async function fromZstdNapi(scratch) {
  const folder = join(await fromNpm('zstd-napi', '0.0.13', scratch), 'deps');
  renameSync(join(folder, 'zstd/lib'), join(folder, 'lib'));
  rmSync(join(folder, 'zstd'), { recursive: true });
  renameSync(join(folder, 'lib'), join(folder, 'zstd'));
  return folder;
}

async function fromSystemIncludes() {
  const folder = ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].find((path) =>
    existsSync(join(path, 'simde/x86/sse2.h')),
  );
  if (!folder) throw new UserError('simde is not among the system headers.');
  return folder;
}

async function fromDebian(library, scratch) {
  const folder = join(scratch, library.deb.name);
  await unpackDeb(library.deb, folder);
  return join(folder, 'usr', 'include');
}

async function find(library, scratch) {
  const given = process.env[library.variable];
  if (given) {
    if (!existsSync(join(given, library.header)))
      throw new UserError(
        `${library.variable} is ${given}, but that folder has no ${library.header}.`,
      );
    return given;
  }
  const reasons = [];
  for (const source of [
    library.deb && poolAvailable() && fromDebian.bind(undefined, library),
    library.elsewhere,
  ].filter(Boolean)) {
    try {
      return await source(scratch);
    } catch (error) {
      reasons.push(error.message);
      warn(error.message);
    }
  }
  throw new UserError(
    `The files of ${library.name} ${library.version} could not be fetched. Get them by hand (${library.deb ? `Ubuntu: apt-get install lib${library.name}-dev; Fedora: dnf install ${library.name}-devel; macOS: brew install ${library.name}; or ` : ''}` +
      `the project's own release) and set ${library.variable} to the folder ` +
      `that holds ${library.header}.\n${reasons.join('\n')}`,
  );
}

/** What was given by hand has to be new enough; what was fetched has to be what was tested. */
function check(library, folder) {
  if (
    library.name === 'hnswlib' &&
    !readFileSync(join(folder, library.header), 'utf8').includes('BaseSearchStopCondition')
  ) {
    throw new UserError('This hnswlib is older than 0.8.0: it has no stop condition.');
  }
  if (process.env[library.variable] || !library.treeHash) return;
  const files = filesBelow([join(folder, library.name)], (path) => /\.[ch]$/.test(path));
  const actual = hashOfFiles(files, folder);
  if (actual !== library.treeHash) {
    throw new UserError(
      `The files of ${library.name} have hash ${actual}, expected ${library.treeHash}. Not used.`,
    );
  }
}

export async function ensureLibraries() {
  for (const library of libraries) {
    const key = { version: library.version, from: process.env[library.variable] ?? '' };
    await step(`library-${library.name}`, key, [join(includeFolder, library.header)], async () => {
      say(`Fetching ${library.name} ${library.version} into .toolchain/include`);
      mkdirSync(toolchain, { recursive: true });
      const scratch = mkdtempSync(join(toolchain, 'tmp-'));
      try {
        const folder = await find(library, scratch);
        check(library, folder);
        rmSync(join(includeFolder, library.name), { recursive: true, force: true });
        cpSync(join(folder, library.name), join(includeFolder, library.name), { recursive: true });
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });
  }
}
