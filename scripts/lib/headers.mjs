// hnswlib 0.8.0 and simde 0.8.2, headers only, in .toolchain/include/. Sources, first that applies: a folder named by
// QUIVER_HNSWLIB_INCLUDE or QUIVER_SIMDE_INCLUDE (the one that holds hnswlib/ or simde/); Debian 13's packages; for
// hnswlib, the npm package hnswlib-node, which carries the same files; for simde, the system's own /usr/include.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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
];

async function fromHnswlibNode(scratch) {
  const folder = join(scratch, 'hnswlib-node');
  mkdirSync(folder, { recursive: true });
  await withRetries('npm pack hnswlib-node', () =>
    run(
      'npm',
      [
        'pack',
        'hnswlib-node@3.0.0',
        '--ignore-scripts',
        '--loglevel=error',
        '--pack-destination',
        folder,
      ],
      { quiet: true },
    ),
  );
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  await run('tar', ['-xzf', archive], { cwd: folder, quiet: true });
  return join(folder, 'package', 'src');
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
    poolAvailable() && fromDebian.bind(undefined, library),
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
    `The headers of ${library.name} ${library.version} could not be fetched. Get them by hand (Ubuntu: apt-get install lib${library.name}-dev; Fedora: dnf install ${library.name}-devel; ` +
      `macOS: brew install ${library.name}; or the project's own release) and set ${library.variable} to the folder ` +
      `that holds ${library.header}.\n${reasons.join('\n')}`,
  );
}

/** simde and hnswlib say their version only in part; a wrong hnswlib lacks what we use and is named here. */
function check(library, folder) {
  if (library.name !== 'hnswlib') return;
  if (!readFileSync(join(folder, library.header), 'utf8').includes('BaseSearchStopCondition')) {
    throw new UserError('This hnswlib is older than 0.8.0: it has no stop condition.');
  }
  const headers = filesBelow([join(folder, 'hnswlib')], (path) => path.endsWith('.h'));
  const actual = hashOfFiles(headers, folder);
  if (!process.env[library.variable] && actual !== library.treeHash) {
    throw new UserError(
      `The headers of hnswlib have hash ${actual}, expected ${library.treeHash}. Not used.`,
    );
  }
}

export async function ensureHeaders() {
  for (const library of libraries) {
    const key = { version: library.version, from: process.env[library.variable] ?? '' };
    await step(`headers-${library.name}`, key, [join(includeFolder, library.header)], async () => {
      say(`Fetching the headers of ${library.name} ${library.version} into .toolchain/include`);
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
