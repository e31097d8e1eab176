// The libraries to compare: a file each in bench/peers, and what npm made of their packages.

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, run } from '../../scripts/lib/process.mjs';
import { listOption } from './options.mjs';
import { benchFolder, readJson, root } from './paths.mjs';
import { progress } from './progress.mjs';

const manifest = readJson(join(benchFolder, 'package.json'));
const modules = join(benchFolder, 'node_modules');
/** What each package that did not install said; npm itself only leaves it out. */
const failuresPath = join(modules, '.failures.json');

const wanted = manifest.optionalDependencies;
const versionOf = (name) => {
  const path = join(modules, name, 'package.json');
  return existsSync(path) ? readJson(path).version : undefined;
};

/** What npm said if it failed. */
async function npmFailure(args, cwd) {
  try {
    await run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd,
      quiet: true,
    });
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** Asks npm for one package alone, to hear why it does not install. */
async function reasonFor(name) {
  const place = join(modules, '.alone');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), '{"private":true}');
  const output = await npmFailure(['install', `${name}@${wanted[name]}`], place);
  rmSync(place, { recursive: true, force: true });
  if (!output) return 'npm left it out beside the others, and installs it alone';
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^npm error ?/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('A complete log'));
  return lines.slice(-3).join('; ');
}

/** Installs what package.json names, once; a package that does not install is left out. Reasons by package. */
export async function installPackages() {
  const key = JSON.stringify([wanted, process.version]);
  const known = existsSync(failuresPath) ? readJson(failuresPath) : undefined;
  if (known?.key === key) return known.failures;
  progress('installing the libraries to compare with (bench/package.json)');
  const output = await npmFailure(['install'], benchFolder);
  const failures = {};
  for (const [name, version] of Object.entries(wanted)) {
    if (versionOf(name) === version) continue;
    progress(`${name} did not install; asking why`);
    failures[name] = await reasonFor(name);
  }
  if (!existsSync(modules)) throw new Error(`npm install failed in bench/:\n${output}`);
  writeFileSync(failuresPath, JSON.stringify({ key, failures }, null, 2));
  return failures;
}

/** The commit of this checkout, marked if files were changed since; undefined outside one. */
function revision() {
  return capture('git', ['describe', '--always', '--dirty']);
}

/**
 * Every variant of every library: {label, peer (its file), variant, metrics, canOpen, canFilter, version}, or {label, failure} where its
 * packages are missing. --only chooses.
 */
export async function libraries() {
  const failures = await installPackages();
  const only = listOption('only');
  const all = [];
  const files = readdirSync(join(benchFolder, 'peers')).filter((name) => name.endsWith('.mjs'));
  // Quiver first, then by name.
  files.sort((a, b) => (b === 'quiver.mjs') - (a === 'quiver.mjs') || (a < b ? -1 : 1));
  for (const file of files) {
    const {
      packages,
      variants,
      metrics,
      open,
      canFilter = false,
    } = await import(`../peers/${file}`);
    const failure = packages.map((name) => failures[name]).find((reason) => reason !== undefined);
    const version =
      packages.length === 0
        ? [readJson(join(root, 'package.json')).version, revision()].filter(Boolean).join(' ')
        : packages.map(versionOf).join(' + ');
    for (const [label, variant] of Object.entries(variants)) {
      if (only && !only.some((start) => label.startsWith(start))) continue;
      const peer = file.slice(0, -'.mjs'.length);
      const canOpen = open !== undefined;
      all.push(
        failure
          ? { label, failure }
          : { label, peer, variant, metrics, canOpen, canFilter, version },
      );
    }
  }
  return all;
}
