// Loaded into mocha by specs.mjs: Vectra's specs are TypeScript, and what they import beside themselves is ours.
const { readFileSync, existsSync } = require('node:fs');
const Module = require('node:module');
const { basename, dirname, join, resolve } = require('node:path');
const ts = require('../../node_modules/typescript');

const source = process.env.QUIVER_SPECS_SOURCE;
const modules = process.env.QUIVER_SPECS_MODULES;

require.extensions['.ts'] = (module, path) => {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    fileName: path,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  module._compile(outputText, path);
};

/** Vectra's module of this name, made of ours. */
function ours(name) {
  const index = require(join(modules, 'index.cjs'));
  switch (basename(name)) {
    case 'contentHash':
      return require(join(modules, 'content-hash.cjs'));
    case 'pathUtils':
      return { ...index, default: index.pathUtils, __esModule: true };
    case 'transformersLoader':
      return { _setTransformersLoader: setTransformersLoader };
    default:
      return index;
  }
}

const host = () => require(join(modules, 'host.cjs'));
const { loadTransformers } = host();

function setTransformersLoader(loader = loadTransformers) {
  host().loadTransformers = loader;
}

const load = Module._load;
Module._load = function (request, parent, ...rest) {
  if (parent?.filename?.endsWith('.spec.ts') && request.startsWith('.')) {
    const path = resolve(dirname(parent.filename), request).replace(
      /^(.*)\/src\/\.\.\/src/,
      '$1/src',
    );
    if (path.startsWith(source) && !existsSync(`${path}.spec`)) return ours(path);
  }
  return load.call(this, request, parent, ...rest);
};
