// What filters mean, in the simplest code there is: src/filter/filter.h in so many words. Slow and without any index.

import fc from 'fast-check';
import type { Filter, Metadata, MetadataValue } from '../../js/index.ts';

type Value = MetadataValue | undefined;

function isMap(value: Value): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepEqual(a: Value, b: Value): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => deepEqual(one, b[i]));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]))
    );
  }
  return a === b;
}

function equals(field: Value, operand: Value): boolean {
  if (field === undefined) return operand === null;
  if (deepEqual(field, operand)) return true;
  return Array.isArray(field) && field.some((element) => deepEqual(element, operand));
}

function isOrdered(field: Value, operand: Value, holds: (order: number) => boolean): boolean {
  if (Array.isArray(field)) return field.some((element) => isOrderedOne(element, operand, holds));
  return isOrderedOne(field, operand, holds);
}

function isOrderedOne(field: Value, operand: Value, holds: (order: number) => boolean): boolean {
  if (typeof field === 'number' && typeof operand === 'number') return holds(field - operand);
  if (typeof field === 'string' && typeof operand === 'string')
    return holds(compareUtf8(field, operand));
  return false;
}

/** Below 0, 0 or above 0 as the bytes of the one come before those of the other. */
function compareUtf8(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
  ];
  for (let i = 0; i < left.length && i < right.length; i++)
    if (left[i] !== right[i]) return (left[i] as number) - (right[i] as number);
  return left.length - right.length;
}

function at(metadata: Value, path: string): Value {
  if (!isMap(metadata)) return undefined;
  if (Object.hasOwn(metadata, path)) return metadata[path];
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot);
    if (!Object.hasOwn(metadata, key)) continue;
    const found = at(metadata[key], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

const operators: Record<string, (field: Value, operand: MetadataValue) => boolean> = {
  $eq: equals,
  $ne: (field, operand) => !equals(field, operand),
  $gt: (field, operand) => isOrdered(field, operand, (order) => order > 0),
  $gte: (field, operand) => isOrdered(field, operand, (order) => order >= 0),
  $lt: (field, operand) => isOrdered(field, operand, (order) => order < 0),
  $lte: (field, operand) => isOrdered(field, operand, (order) => order <= 0),
  $in: (field, operand) => (operand as MetadataValue[]).some((one) => equals(field, one)),
  $nin: (field, operand) => !(operand as MetadataValue[]).some((one) => equals(field, one)),
  $exists: (field, operand) => (field !== undefined) === operand,
  $contains: (field, operand) =>
    Array.isArray(field)
      ? field.some((element) => deepEqual(element, operand))
      : typeof field === 'string' && typeof operand === 'string' && field.includes(operand),
  $not: (field, operand) => !holds(field, operand),
};

function holds(field: Value, condition: MetadataValue): boolean {
  const isOperators = isMap(condition) && Object.keys(condition).some((key) => key[0] === '$');
  if (!isOperators) return equals(field, condition);
  return Object.entries(condition).every(([name, operand]) =>
    (operators[name] as (typeof operators)[string])(field, operand as MetadataValue),
  );
}

/** Whether an item of these metadata is taken. */
export function takes(filter: Filter, metadata: Metadata): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const filters = condition as Filter[];
    if (key === '$and') return filters.every((one) => takes(one, metadata));
    if (key === '$or') return filters.some((one) => takes(one, metadata));
    if (key === '$not') return !takes(condition as Filter, metadata);
    return holds(at(metadata, key), condition as MetadataValue);
  });
}

// Few values of many kinds, so that filters often take something.
const texts = fc.constantFrom('', 'a', 'ab', 'b', 'é', '𝄞', 'zebra');
const numbers = fc.constantFrom(-1, -0, 0, 0.5, 1, 2, 1e9);
const scalars = fc.oneof(texts, numbers, fc.boolean(), fc.constant(null));
const arrays = fc.array(scalars, { maxLength: 3 });
const values = fc.oneof(
  { weight: 6, arbitrary: scalars },
  { weight: 2, arbitrary: arrays },
  { weight: 1, arbitrary: fc.record({ deep: scalars, n: numbers }, { requiredKeys: [] }) },
);
const keys = ['s', 'n', 'any', 'list', 'map', 'map.deep'];

export const someMetadata: fc.Arbitrary<Metadata> = fc.record(
  {
    s: texts,
    n: numbers,
    any: values,
    list: arrays,
    map: fc.record({ deep: values, n: numbers }, { requiredKeys: [] }),
    'map.deep': scalars,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Metadata>;

const orders = fc.oneof(texts, numbers);
const operatorsOf = (depth: number): fc.Arbitrary<Metadata> =>
  fc.record(
    {
      $eq: values,
      $ne: values,
      $gt: orders,
      $gte: orders,
      $lt: orders,
      $lte: orders,
      $in: fc.array(values, { maxLength: 3 }),
      $nin: fc.array(values, { maxLength: 3 }),
      $exists: fc.boolean(),
      $contains: scalars,
      ...(depth > 0 && { $not: fc.constant(null).chain(() => operatorsOf(depth - 1)) }),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Metadata>;

/** Conditions on one or two fields: with one or two operators each, or with none, which is another map. */
const conditions = fc
  .tuple(operatorsOf(1), fc.integer({ min: 1, max: 2 }), fc.nat())
  .map(([all, count, from]): MetadataValue => {
    const entries = Object.entries(all);
    const chosen = [...entries, ...entries].slice(from % (entries.length + 1)).slice(0, count);
    return Object.fromEntries(chosen) as Metadata;
  });
const fields = fc.dictionary(
  fc.constantFrom(...keys, 'missing', 'map.n', 'any.n'),
  fc.oneof(conditions, values),
  { minKeys: 1, maxKeys: 2 },
);

export const someFilter: fc.Arbitrary<Filter> = fc.letrec((tie) => ({
  filter: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'filter' },
    { weight: 4, arbitrary: fields },
    { weight: 1, arbitrary: fc.record({ $and: fc.array(tie('filter'), { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ $or: fc.array(tie('filter'), { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ $not: tie('filter') }) },
  ),
})).filter as fc.Arbitrary<Filter>;
