import { readFile } from 'node:fs/promises';

/** Where the file lies from here when this runs as TypeScript, in a checkout. */
const built = '../../build/wasm/quiver.wasm';

/**
 * The bytes of quiver.wasm. The glue cannot read files itself: Emscripten's way of doing so imports a module of Node
 * dynamically, which Jest refuses in CommonJS and bundlers for browsers stumble over.
 */
export function readWasmFile(): Promise<Uint8Array<ArrayBuffer>> {
  const here = import.meta.url;
  // In the package it lies beside the bundle; written out like this, bundlers find the file and take it along.
  return readFile(
    here.endsWith('.ts') ? new URL(built, here) : new URL('./quiver.wasm', import.meta.url),
  );
}
