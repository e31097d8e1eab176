// What the compiler makes of filters. Nothing runs here: the lint step compiles it, and every line that is said to be an
// error must be one.

import { expectTypeOf, test } from 'vitest';
import type { Filter, LocalIndex, Metadata } from '../../js/index.ts';

interface Film {
  title: string;
  year: number;
  genre: 'drama' | 'horror';
  seen?: boolean;
  tags: string[];
  ratings: readonly number[];
  director: { name: string; born: number | null; home?: { town: string } };
  extra: Record<string, string | number>;
}

type FilmFilter = Filter<Film>;

test('A bare value or an operator has the type of the field', () => {
  expectTypeOf({ year: 1999, genre: 'drama', title: 'Alien' } as const).toExtend<FilmFilter>();
  expectTypeOf({ year: { $gte: 1990, $lt: 2000 } }).toExtend<FilmFilter>();
  expectTypeOf<{ genre: { $in: ('drama' | 'horror')[] } }>().toExtend<FilmFilter>();
  expectTypeOf({ title: { $contains: 'Ali', $not: { $eq: 'Alien' } } }).toExtend<FilmFilter>();

  expectTypeOf({ year: '1999' }).not.toExtend<FilmFilter>();
  expectTypeOf({ year: null }).not.toExtend<FilmFilter>();
  expectTypeOf({ year: { $gte: '1990' } }).not.toExtend<FilmFilter>();
  expectTypeOf({ year: { $contains: 1 } }).not.toExtend<FilmFilter>();
  expectTypeOf({ year: { $in: ['1999'] } }).not.toExtend<FilmFilter>();
  expectTypeOf({ genre: 'comedy' } as const).not.toExtend<FilmFilter>();
  expectTypeOf({ year: { $exists: 1 } }).not.toExtend<FilmFilter>();
  // @ts-expect-error No such field.
  const misspelt: FilmFilter = { yaer: 1999 };
  // @ts-expect-error No such operator.
  const unknown: FilmFilter = { year: { $above: 1999 } };
  expectTypeOf([misspelt, unknown]).toExtend<FilmFilter[]>();
});

test('What may be missing equals null', () => {
  expectTypeOf({ seen: true }).toExtend<FilmFilter>();
  expectTypeOf({ seen: null }).toExtend<FilmFilter>();
  expectTypeOf({ seen: { $ne: null } }).toExtend<FilmFilter>();
  expectTypeOf({ seen: { $gt: 1 } }).not.toExtend<FilmFilter>();
  expectTypeOf({ seen: { $gt: true } }).not.toExtend<FilmFilter>();
});

test('Arrays are asked by their elements', () => {
  expectTypeOf({ tags: 'space' }).toExtend<FilmFilter>();
  expectTypeOf({ tags: ['space', 'ship'] }).toExtend<FilmFilter>();
  expectTypeOf({ tags: { $contains: 'space' } }).toExtend<FilmFilter>();
  expectTypeOf({ tags: { $in: ['space', 'ship'] } }).toExtend<FilmFilter>();
  expectTypeOf({ ratings: { $gt: 3, $contains: 5 } }).toExtend<FilmFilter>();
  expectTypeOf({ tags: 1 }).not.toExtend<FilmFilter>();
  expectTypeOf({ tags: { $contains: ['space'] } }).not.toExtend<FilmFilter>();
  expectTypeOf({ ratings: { $gt: '3' } }).not.toExtend<FilmFilter>();
});

test('Paths lead into nested objects', () => {
  expectTypeOf({ 'director.name': 'Scott' }).toExtend<FilmFilter>();
  expectTypeOf({ 'director.born': { $lt: 1940 } }).toExtend<FilmFilter>();
  expectTypeOf({ 'director.born': null }).toExtend<FilmFilter>();
  expectTypeOf({ 'director.home.town': { $in: ['Rome'] } }).toExtend<FilmFilter>();
  expectTypeOf({ 'director.home.town': null }).toExtend<FilmFilter>();
  expectTypeOf({ director: { name: 'Scott', born: 1937 } }).toExtend<FilmFilter>();
  expectTypeOf({ 'extra.length': 117 }).toExtend<FilmFilter>();
  expectTypeOf({ 'director.name': 1 }).not.toExtend<FilmFilter>();
  expectTypeOf({ 'director.name': null }).not.toExtend<FilmFilter>();
  expectTypeOf({ 'director.born': { $lt: '1940' } }).not.toExtend<FilmFilter>();
  // @ts-expect-error No such value.
  const wrong: FilmFilter = { 'extra.length': true };
  // @ts-expect-error No such path.
  const misspelt: FilmFilter = { 'director.nmae': 'Scott' };
  expectTypeOf([misspelt, wrong]).toExtend<FilmFilter[]>();
});

test('Filters within filters are checked as well', () => {
  expectTypeOf({ $or: [{ year: 1979 }, { $not: { seen: true } }] }).toExtend<FilmFilter>();
  expectTypeOf({ $and: [{ year: '1979' }] }).not.toExtend<FilmFilter>();
  expectTypeOf({ $not: { 'director.name': 1 } }).not.toExtend<FilmFilter>();
});

test('Without a type of metadata any field goes', () => {
  expectTypeOf({ year: { $gte: 1990 }, 'a.b': 'x', $or: [{ c: null }] }).toExtend<Filter>();
  expectTypeOf<Filter<Metadata>>().toEqualTypeOf<Filter>();
});

test('Types that contain themselves end somewhere', () => {
  interface Tree {
    name: string;
    parent?: Tree;
  }
  expectTypeOf({ 'parent.parent.name': 'root' }).toExtend<Filter<Tree>>();
  expectTypeOf({ 'parent.name': 1 }).not.toExtend<Filter<Tree>>();
});

test('An index knows the type of its metadata', () => {
  type Query = Parameters<LocalIndex<Film>['query']>[0];
  expectTypeOf({ vector: [1], filter: { year: { $gte: 1990 } } }).toExtend<Query>();
  expectTypeOf({ vector: [1], filter: { year: 'x' } }).not.toExtend<Query>();
  type Found = Awaited<ReturnType<LocalIndex<Film>['query']>>[number];
  expectTypeOf<Found['item']['metadata']>().toEqualTypeOf<Film>();
});
