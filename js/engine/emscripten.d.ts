/** The glue that Emscripten writes into build/wasm; it has no types of its own. */
declare module '*/build/wasm/quiver.mjs' {
  const factory: unknown;
  export default factory;
}
