// Method: each test imports the modules afresh, with an addon search that finds nothing, so that the choice of an
// engine runs as on a platform without a prebuilt addon.
import { encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { errorOf } from '../conformance/helpers.ts';

beforeEach(() => {
  vi.resetModules();
  Reflect.deleteProperty(globalThis, Symbol.for('quiverdb.warned'));
  vi.doMock('../../js/engine/platform.ts', () => ({
    findAddon: () => ({ addon: undefined, attempts: ['prebuilt addon: not here'] }),
  }));
});

afterEach(() => {
  vi.doUnmock('../../js/engine/platform.ts');
  vi.doUnmock('../../js/engine/wasm.ts');
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const select = async () => (await import('../../js/engine/select.ts')).selectEngine;

test('without an addon WebAssembly runs, with one warning that says why', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const selectEngine = await select();
  const { engine, attempts } = await selectEngine(undefined);
  expect(engine.backend).toBe('wasm');
  expect(attempts).toEqual(['prebuilt addon: not here', 'WebAssembly: loaded']);
  expect((await selectEngine(undefined)).engine).toBe(engine);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[0]).toContain('prebuilt addon: not here');
});

test('an addon of another release is not used', async () => {
  vi.doMock('../../js/engine/platform.ts', () => ({
    findAddon: () => ({
      addon: { capabilities: () => encode({ version: '0.0.9', simd: 'avx2', threads: 4 }) },
      attempts: ['prebuilt addon: loaded'],
    }),
  }));
  const error = await errorOf(async () => (await select())('native'));
  expect(error.code).toBe('BACKEND_UNAVAILABLE');
  expect(error.message).toMatch(/it is of version 0\.0\.9, the package of \d/);
});

test('a forced engine that cannot load is BACKEND_UNAVAILABLE', async () => {
  const error = await errorOf(async () => (await select())('native'));
  expect(error.code).toBe('BACKEND_UNAVAILABLE');
  expect(error.message).toContain('prebuilt addon: not here');
  expect(error.details.attempts).toHaveLength(2);
});

test('when nothing loads, every attempt is listed', async () => {
  vi.doMock('../../js/engine/wasm.ts', () => ({
    loadWasmEngine: () => Promise.reject(new Error('no such file')),
  }));
  const error = await errorOf(async () => (await select())(undefined));
  expect(error.code).toBe('BACKEND_UNAVAILABLE');
  expect(error.details.attempts).toEqual(['prebuilt addon: not here', 'WebAssembly: no such file']);
});

test('QUIVER_BACKEND forces one, the option overrides it, and it is checked', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const selectEngine = await select();
  vi.stubEnv('QUIVER_BACKEND', 'native');
  expect((await errorOf(() => selectEngine(undefined))).code).toBe('BACKEND_UNAVAILABLE');
  expect((await selectEngine('wasm')).engine.backend).toBe('wasm');
  vi.stubEnv('QUIVER_BACKEND', 'wasm');
  expect((await selectEngine(undefined)).engine.backend).toBe('wasm');
  expect(warn).not.toHaveBeenCalled();
  vi.stubEnv('QUIVER_BACKEND', 'gpu');
  expect(await errorOf(() => selectEngine(undefined))).toMatchObject({ code: 'INVALID_ARGUMENT' });
});
