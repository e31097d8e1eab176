// Prints C++ files relative to the project, one a line: binding.gyp takes its lists from here, as CMakeLists.txt does
// from its own glob, so a new file needs no edit in either. Files for other systems and src/kernel/isa (whose files have
// a target each) are left out.
//   node scripts/sources.mjs core      src/ without the kernels and the addon
//   node scripts/sources.mjs kernel    src/kernel
//   node scripts/sources.mjs addon     src/addon
import { relative, sep } from 'node:path';
import { inRoot, root } from './lib/paths.mjs';
import { filesBelow } from './lib/stamp.mjs';

const otherSystem = process.platform === 'win32' ? /_posix\.cpp$/ : /_windows\.cpp$/;
const parts = {
  core: (path) => !/^src\/(kernel|addon)\//.test(path),
  kernel: (path) => /^src\/kernel\/(?!isa\/)/.test(path),
  addon: (path) => /^src\/addon\//.test(path),
};

const belongs = parts[process.argv[2]];
if (!belongs) throw new Error(`Expected one of ${Object.keys(parts).join(', ')}.`);
const sources = filesBelow([inRoot('src')], (path) => path.endsWith('.cpp'))
  .map((path) => relative(root, path).split(sep).join('/'))
  .filter((path) => belongs(path) && !otherSystem.test(path));
console.log(sources.join('\n'));
