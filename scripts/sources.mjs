// Prints the C++ files below the folders given, relative to the project, one a line: binding.gyp takes its lists from
// here, as CMakeLists.txt does from its own glob, so a new file needs no edit in either. Left out are the files for
// other systems and src/kernel/isa, whose files have a target each.
//   node scripts/sources.mjs src/base src/kernel
//   node scripts/sources.mjs --isas       the instruction sets that fit this machine and have a file
import { existsSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRoot, root } from './lib/paths.mjs';
import { filesBelow } from './lib/stamp.mjs';

const otherSystem = process.platform === 'win32' ? /_posix\.cpp$/ : /_windows\.cpp$/;
const isasOf = { x64: ['scalar', 'sse4', 'avx2', 'avx512'], arm64: ['scalar', 'neon'] };

export const isas = (architecture = process.arch) => isasOf[architecture] ?? ['scalar'];

export function sources(folders) {
  const missing = folders.filter((folder) => !existsSync(inRoot(folder)));
  if (missing.length > 0) throw new Error(`No such folder: ${missing.join(', ')}`);
  return filesBelow(
    folders.map((folder) => inRoot(folder)),
    (path) => path.endsWith('.cpp'),
  )
    .map((path) => relative(root, path).split(sep).join('/'))
    .filter((path) => !path.startsWith('src/kernel/isa/') && !otherSystem.test(path));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folders = process.argv.slice(2);
  console.log((folders[0] === '--isas' ? isas() : sources(folders)).join('\n'));
}
