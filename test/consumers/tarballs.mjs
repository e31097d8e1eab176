// What the packed tarballs hold: nothing but what is published on purpose, small, and complete.
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { platforms } from '../../scripts/lib/platforms.mjs';
import { UserError } from '../../scripts/lib/process.mjs';
import { node, runQuietly, tool } from './programs.mjs';

const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));

/** Collects what is wrong, so that one run names all of it. */
class Findings {
  #lines = [];

  expect(truth, line) {
    if (!truth) this.#lines.push(line);
  }

  same(what, actual, expected) {
    const [is, should] = [actual, expected].map((value) => JSON.stringify(value));
    this.expect(is === should, `${what} is ${is}, expected ${should}`);
  }

  raise(tarball) {
    if (this.#lines.length > 0) throw new UserError(`${tarball}:\n  ${this.#lines.join('\n  ')}`);
  }
}

/** Unpacks a tarball into a new folder; the folder of the package in it. */
async function unpack(tarball, folder) {
  mkdirSync(folder);
  await runQuietly('tar', ['-xzf', tarball, '-C', folder]);
  return join(folder, 'package');
}

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

const kilobytes = (path) => Math.round(statSync(path).size / 1000);

/** Relative paths that a file imports, requires or makes a URL of. */
const pointers = (text) =>
  [...text.matchAll(/(?:from|import|import\(|require\(|new URL\()\s*["'](\.[^"'\n]*)["']/g)].map(
    ([, path]) => path,
  );

function checkMain(folder, findings) {
  const files = filesOf(folder);
  const allowed =
    /^(dist\/[\w.-]+\.(mjs|cjs|d\.mts|d\.cts|wasm)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  for (const path of files) {
    findings.expect(allowed.test(path), `${path} does not belong into the package`);
    if (!path.startsWith('dist/') || path.endsWith('.wasm')) continue;
    const text = readFileSync(join(folder, path), 'utf8');
    findings.expect(!text.includes('sourceMappingURL'), `${path} names a source map`);
    findings.expect(!text.includes(inRoot('')), `${path} holds the path of the checkout`);
    for (const target of pointers(text)) {
      // Types are found by the name of their script.
      const found = [target, target.replace(/\.([mc])js$/, '.d.$1ts')].some((name) =>
        files.includes(normalize(join(dirname(path), name))),
      );
      findings.expect(found, `${path} points to ${target}, which is not there`);
    }
  }
  const manifest = manifestOf(folder);
  findings.same(
    'optionalDependencies',
    manifest.optionalDependencies,
    Object.fromEntries(platforms.map(({ target }) => [`@quiverdb/${target}`, version])),
  );
  for (const field of ['scripts', 'dependencies', 'devDependencies', 'private'])
    findings.same(field, manifest[field], undefined);
  // What quiverdb/vectra can use is never installed unasked.
  for (const name of Object.keys(manifest.peerDependencies ?? {}))
    findings.same(`${name} as a peer`, manifest.peerDependenciesMeta?.[name], { optional: true });
}

function checkAddon(folder, { target, os, cpu, libc }, findings) {
  findings.same('its files', filesOf(folder), [
    'LICENSE',
    'README.md',
    'package.json',
    'quiver.node',
  ]);
  const manifest = manifestOf(folder);
  findings.same('name', manifest.name, `@quiverdb/${target}`);
  findings.same('version', manifest.version, version);
  findings.same('os', manifest.os, [os]);
  findings.same('cpu', manifest.cpu, [cpu]);
  findings.same('libc', manifest.libc, libc && [libc]);
  findings.same('scripts', manifest.scripts, undefined);
  const binary = readFileSync(join(folder, 'quiver.node'));
  findings.expect(!binary.includes('.symtab\0'), 'quiver.node is not stripped');
  findings.expect(!binary.includes(inRoot('')), 'quiver.node holds the path of the checkout');
}

function limit(findings, what, path, most) {
  const size = kilobytes(path);
  findings.expect(size < most, `${what} has ${size} kB, expected less than ${most}`);
  return size;
}

/** Checks both tarballs; their sizes as a line of text. */
export async function checkTarballs({ main, addon, platform }, scratch) {
  await node([tool('publint/src/cli.js'), main, '--strict']);
  // quiver.wasm is no module, ./browser is for bundlers, which are all ESM, and ./worker is a program.
  const attw = tool('@arethetypeswrong/cli/dist/index.js');
  await node([
    attw,
    main,
    '--exclude-entrypoints',
    './quiver.wasm',
    './browser',
    './worker',
    '--no-emoji',
  ]);

  const inMain = new Findings();
  checkMain(await unpack(main, join(scratch, 'main')), inMain);
  const mainSize = limit(inMain, 'The tarball', main, 690);
  inMain.raise(main);

  const inAddon = new Findings();
  const folder = await unpack(addon, join(scratch, 'addon'));
  checkAddon(folder, platform, inAddon);
  const binarySize = limit(inAddon, 'quiver.node', join(folder, 'quiver.node'), 3000);
  inAddon.raise(addon);
  return `packed: ${mainSize} kB, its addon ${kilobytes(addon)} kB (${binarySize} kB unpacked)`;
}
