// npm run pack: the packages as they are published, into build/packages/: quiverdb (TypeScript and WebAssembly), and
// @quiverdb/<platform> with the addon of the machine that this runs on. Bootstrap first.
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildAll } from './build.mjs';
import { inRoot } from './lib/paths.mjs';
import { platforms, thisPlatform } from './lib/platforms.mjs';
import { run, runMain, say, UserError } from './lib/process.mjs';
import { addonPath } from './lib/targets.mjs';

const folder = inRoot('build/packages');
const source = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
const { version, license, author, engines } = source;

/** What only a checkout needs. It is private, so that it is never published as it is: without its optional packages. */
const development = ['private', 'scripts', 'devDependencies', 'overrides', 'gypfile'];

async function pack(name, manifest, fill) {
  const stage = join(folder, 'stage', name);
  mkdirSync(stage, { recursive: true });
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyFileSync(inRoot('LICENSE'), join(stage, 'LICENSE'));
  fill(stage);
  await run('npm', ['pack', stage, '--pack-destination', folder, '--silent'], { quiet: true });
  return join(folder, `${manifest.name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

function packMain() {
  const manifest = {
    ...Object.fromEntries(Object.entries(source).filter(([key]) => !development.includes(key))),
    // The exact version: an addon and the TypeScript of another release do not understand each other.
    optionalDependencies: Object.fromEntries(
      platforms.map(({ target }) => [`@quiverdb/${target}`, version]),
    ),
  };
  return pack('quiverdb', manifest, (stage) => {
    cpSync(inRoot('dist'), join(stage, 'dist'), { recursive: true });
    for (const name of ['README.md', 'CHANGELOG.md']) copyFileSync(inRoot(name), join(stage, name));
  });
}

function packAddon({ target, os, cpu, libc }) {
  const manifest = {
    name: `@quiverdb/${target}`,
    version,
    description: `The addon of quiverdb for ${target}`,
    license,
    author,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    main: './quiver.node',
    files: ['quiver.node'],
  };
  return pack(target, manifest, (stage) => {
    copyFileSync(addonPath, join(stage, 'quiver.node'));
    const lines = [
      `# @quiverdb/${target}`,
      'The compiled addon of [quiverdb](https://www.npmjs.com/package/quiverdb), which installs it by itself.',
      ...(libc === 'glibc' ? [`Needs glibc ${neededGlibc(addonPath)} or later.`] : []),
    ];
    writeFileSync(join(stage, 'README.md'), `${lines.join('\n\n')}\n`);
  });
}

/** The newest glibc whose symbols a binary asks for: that depends on the machine that built it. */
function neededGlibc(path) {
  const symbols = readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)/g);
  const minors = Array.from(symbols, ([, minor]) => Number(minor));
  return `2.${Math.max(...minors)}`;
}

/** The paths of the two tarballs. */
export async function packAll() {
  await buildAll();
  const platform = thisPlatform();
  if (!platform)
    throw new UserError(`There is no package for ${process.platform}-${process.arch}.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return { main: await packMain(), addon: await packAddon(platform), platform };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const { main, addon } = await packAll();
    say(main);
    say(addon);
  });
}
