// Prints C++ files relative to the project, one a line: binding.gyp takes its lists from here, as CMakeLists.txt does
// from its own glob, so a new file needs no edit in either. Files for other systems and src/kernel/isa (whose files have
// a target each) are left out.
//   node scripts/sources.mjs core      src/ without the kernels and the addon
//   node scripts/sources.mjs kernel    src/kernel
//   node scripts/sources.mjs addon     src/addon
//   node scripts/sources.mjs zstd      zstd's own
import { join, relative, sep } from 'node:path';
import { includeFolder, inRoot, root } from './lib/paths.mjs';
import { filesBelow } from './lib/stamp.mjs';

const otherSystem =
  process.platform === 'win32' ? /_(posix|plain)\.cpp$/ : /_(windows|plain)\.cpp$/;
const own = inRoot('src');
const parts = {
  core: [own, /^src\/(?!(kernel|addon)\/).*\.cpp$/],
  kernel: [own, /^src\/kernel\/(?!isa\/).*\.cpp$/],
  addon: [own, /^src\/addon\/.*\.cpp$/],
  zstd: [join(includeFolder, 'zstd'), /\/(common|compress|decompress)\/[^/]+\.c$/],
};

if (!Object.hasOwn(parts, process.argv[2])) {
  throw new Error(`Expected one of ${Object.keys(parts).join(', ')}.`);
}
const [folder, pattern] = parts[process.argv[2]];
const sources = filesBelow([folder])
  .map((path) => relative(root, path).split(sep).join('/'))
  .filter((path) => pattern.test(path) && !otherSystem.test(path));
console.log(sources.join('\n'));
