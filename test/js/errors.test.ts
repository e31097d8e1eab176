import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import {
  errorCodes,
  expected,
  fromEngine,
  QuiverError,
  describe as show,
} from '../../js/errors.ts';

test('the codes are those of src/base/error.h, in the same order', () => {
  const header = readFileSync(new URL('../../src/base/error.h', import.meta.url), 'utf8');
  const names = [...header.matchAll(/CodeName\{Code::k\w+, "(\w+)"\}/g)].map((match) => match[1]);
  expect(errorCodes).toEqual(names);
});

test('instanceof holds for another copy of the class, and for nothing else', () => {
  const brand = Symbol.for('quiverdb.error');
  const foreign = runInNewContext('Object.assign(new Error("x"), { [brand]: true })', { brand });
  expect(foreign instanceof QuiverError).toBe(true);
  expect(new QuiverError('INTERNAL', 'x') instanceof QuiverError).toBe(true);
  expect(new QuiverError('INTERNAL', 'x')).toBeInstanceOf(Error);
  for (const other of [new Error('x'), { code: 'INTERNAL' }, null, undefined, 'x'])
    expect((other as unknown) instanceof QuiverError).toBe(false);
});

test('a subclass knows its own instances only', () => {
  class Special extends QuiverError {}
  expect(new Special('INTERNAL', 'x') instanceof Special).toBe(true);
  expect(new Special('INTERNAL', 'x') instanceof QuiverError).toBe(true);
  expect(new QuiverError('INTERNAL', 'x') instanceof Special).toBe(false);
});

test('a failure of the engine keeps its code and says which item it was', () => {
  const raw = Object.assign(new Error('the id is taken'), { code: 'ITEM_EXISTS', item: 2 });
  const error = fromEngine(raw, { folder: 'f', firstItem: 100, idAt: (item) => `id${item}` });
  expect(error.code).toBe('ITEM_EXISTS');
  expect(error.message).toBe('Item with id id2 already exists');
  expect(error.details).toEqual({ item: 102, id: 'id2', folder: 'f' });
  expect(error.cause).toBe(raw);
});

test('what is unknown becomes INTERNAL, what is ours stays', () => {
  expect(fromEngine(new Error('boom'))).toMatchObject({ code: 'INTERNAL', message: 'boom' });
  expect(fromEngine({ code: 'EPERM', message: 'no' })).toMatchObject({ code: 'INTERNAL' });
  expect(fromEngine('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
  expect(fromEngine({ code: 'IO_ERROR', message: 'x', item: 0xffffffff }).details).toEqual({});
  const own = new QuiverError('CLOSED', 'closed');
  expect(fromEngine(own)).toBe(own);
});

test('Vectra texts', () => {
  expect(fromEngine({ code: 'INDEX_NOT_FOUND', message: 'x' }).message).toBe(
    'Index does not exist',
  );
  expect(fromEngine({ code: 'INDEX_EXISTS', message: 'x' }).message).toBe('Index already exists');
});

test('a message names the value and its type, and describing never throws', () => {
  expect(expected('INVALID_TOP_K', 'a whole number', 'topK', -1).message).toBe(
    'Expected a whole number for topK, got -1 (number)',
  );
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );
  Object.defineProperty({}, 'x', { value: hostile });
  expect(show([1, 2])).toBe('an array of length 2');
  expect(show(new Date(0))).toBe('an instance of Date');
  expect(show(10n)).toBe('10 (bigint)');
  expect(show('x'.repeat(1000)).length).toBeLessThan(100);
});
