import type { Metadata, MetadataValue } from './types.ts';

/** The element of an array; never for what is none. */
type Element<V> = V extends readonly (infer E)[] ? E : never;

/** What a field equals: its value, an element of its array, and null where it may be missing. */
type Equal<V> = Exclude<V, undefined> | Element<V> | (undefined extends V ? null : never);

/** What a field is ordered against: numbers by numbers, strings by strings, whichever it or its array has. */
type Ordered<V> =
  | (Extract<V | Element<V>, number> extends never ? never : number)
  | (Extract<V | Element<V>, string> extends never ? never : string);

/** What a field may contain: an element of its array, a part of its string. */
type Contained<V> = V extends readonly (infer E)[] ? E : V extends string ? string : never;

/** What can be asked of one field whose values are of type `V`. Several operators must all hold. */
export interface FieldOperators<V> {
  readonly $eq?: Equal<V>;
  readonly $ne?: Equal<V>;
  readonly $gt?: Ordered<V>;
  readonly $gte?: Ordered<V>;
  readonly $lt?: Ordered<V>;
  readonly $lte?: Ordered<V>;
  readonly $in?: readonly Equal<V>[];
  readonly $nin?: readonly Equal<V>[];
  readonly $exists?: boolean;
  /** An array that holds this element, or a string that holds this part. */
  readonly $contains?: Contained<V>;
  readonly $not?: FieldOperators<V>;
}

/** Types that contain themselves are followed so many levels down. */
type Levels = [never, 0, 1, 2, 3];

/** Objects that paths lead into: with properties of their own, as metadata's maps are. */
type Nested<V> =
  Extract<V, object> extends infer O ? (O extends readonly unknown[] ? never : O) : never;

/** `'author.name'` and the like: every path into nested objects. */
export type NestedPath<T, Level extends number = 3> = [Level] extends [never]
  ? never
  : string extends keyof T
    ? never
    : {
        [K in keyof T & string]: [Nested<T[K]>] extends [never]
          ? never
          : string extends keyof Nested<T[K]>
            ? `${K}.${string}`
            : `${K}.${(keyof Nested<T[K]> & string) | NestedPath<Nested<T[K]>, Levels[Level]>}`;
      }[keyof T & string];

/** The type of what a path leads to; undefined is part of it where something on the way may be missing. */
export type AtPath<T, Path extends string> = Path extends keyof T
  ? T[Path]
  : Path extends `${infer K}.${infer Rest}`
    ? K extends keyof T
      ? AtPath<Nested<T[K]>, Rest> | (T[K] extends Nested<T[K]> ? never : undefined)
      : MetadataValue | undefined
    : MetadataValue | undefined;

/**
 * Which items a call is about, in Mongo's form. Several fields must all match; a bare value means `$eq`. Fields of nested
 * objects are named by paths with dots. Fields that the metadata have not, and values of other types, are errors of the
 * compiler.
 *
 * @example
 * const filter: Filter<{ year: number; tags: string[]; author: { name: string } }> = {
 *   year: { $gte: 1990 },
 *   tags: 'drama',
 *   'author.name': { $in: ['Ann', 'Bo'] },
 * };
 */
export type Filter<TMetadata extends object = Metadata> = {
  readonly [K in keyof TMetadata]?: Equal<TMetadata[K]> | FieldOperators<TMetadata[K]>;
} & {
  readonly [P in NestedPath<TMetadata>]?:
    | Equal<AtPath<TMetadata, P>>
    | FieldOperators<AtPath<TMetadata, P>>;
} & {
  readonly $and?: readonly Filter<TMetadata>[];
  readonly $or?: readonly Filter<TMetadata>[];
  readonly $not?: Filter<TMetadata>;
};
