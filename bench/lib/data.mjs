// What the benchmarks measure on: the data that --data names, else vectors made from a seed.

import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { numberOption, options } from './options.mjs';
import { root } from './paths.mjs';
import { progress } from './progress.mjs';
import { clustersFor, syntheticVectors } from './synthetic.mjs';
import { exactNearest } from './truth.mjs';
import { readBytes, readRaw, readVecs, readVectors } from './vector-files.mjs';

/** Sets that are too large for the repository: their last rows are queries, with the 100 nearest rows of each. */
const sets = {
  sift200k: { file: 'sift200k.u8bin', metric: 'l2', dimensions: 128 },
  wordnet30k: { file: 'wordnet30k.f16bin', metric: 'cosine', dimensions: 384 },
};
const mostQueries = 1000;
const givenDepth = 100;

export const dataFolder = () => resolve(process.env.QUIVER_DATA ?? join(root, '../shared/data'));
const isThere = (name) => existsSync(join(dataFolder(), sets[name].file));

/** Rows to index, queries to ask, and which rows are right. */
export class DataSet {
  #base;
  #queries;
  #given;

  /** `base` and `queries`: Float32Array of whole rows. `given`: {depth, rows: Int32Array, depth for each query}, if known. */
  constructor({ name, metric, dimensions, base, queries, given }) {
    Object.assign(this, { name, metric, dimensions });
    this.rows = base.length / dimensions;
    this.queries = queries.length / dimensions;
    this.#base = base;
    this.#queries = queries;
    this.#given = given;
  }

  vector(row) {
    return this.#base.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }

  query(i) {
    return this.#queries.subarray(i * this.dimensions, (i + 1) * this.dimensions);
  }

  allQueries() {
    return Array.from({ length: this.queries }, (_, i) => this.query(i));
  }

  /** Items from row `from` to `to`, with what `describe` makes of a row as metadata. */
  items(from = 0, to = this.rows, describe = (row) => ({ row })) {
    return Array.from({ length: to - from }, (_, i) => ({
      id: String(from + i),
      vector: this.vector(from + i),
      metadata: describe(from + i),
    }));
  }

  /** The first rows and queries of it. */
  part(rows, queries = this.queries) {
    const { name, metric, dimensions } = this;
    const isWhole = rows >= this.rows;
    return new DataSet({
      name,
      metric,
      dimensions,
      base: isWhole ? this.#base : this.#base.subarray(0, rows * dimensions),
      queries: this.#queries.subarray(0, queries * dimensions),
      given: isWhole ? this.#given : undefined,
    });
  }

  /** For each query its `depth` nearest rows, of those alone that have a 1 in `accept`. */
  async nearest(depth, accept) {
    if (!accept && depth <= (this.#given?.depth ?? 0)) {
      const { rows, depth: stride } = this.#given;
      return Array.from({ length: this.queries }, (_, i) =>
        rows.subarray(i * stride, i * stride + depth),
      );
    }
    progress(`exact answers for ${this.queries} queries of ${this.rows} × ${this.dimensions}`);
    const { metric, dimensions } = this;
    return exactNearest({
      base: this.#base,
      queries: this.#queries,
      dimensions,
      metric,
      depth,
      accept,
    });
  }

  /** Writes what another process needs to have the same rows and queries: what `savedData` takes. */
  save(place) {
    const { name, metric, dimensions } = this;
    const base = join(place, 'base.f32');
    const queries = join(place, 'queries.f32');
    writeFloats(base, this.#base);
    writeFloats(queries, this.#queries);
    return { name, metric, dimensions, base, queries };
  }
}

function writeFloats(path, floats) {
  const bytes = Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
  const file = openSync(path, 'w');
  for (let at = 0; at < bytes.length; )
    at += writeSync(file, bytes, at, Math.min(2 ** 30, bytes.length - at));
  closeSync(file);
}

export function savedData({ name, metric, dimensions, base, queries }) {
  const floats = (path) => new Float32Array(readBytes(path).buffer);
  return new DataSet({ name, metric, dimensions, base: floats(base), queries: floats(queries) });
}

/** The last rows are queries: 1,000, or a tenth of fewer. */
function split(all, dimensions) {
  const rows = all.length / dimensions;
  const queries = Math.min(mostQueries, Math.ceil(rows / 10));
  const end = (rows - queries) * dimensions;
  return { base: all.subarray(0, end), queries: all.subarray(end) };
}

function namedSet(name) {
  const { file, metric, dimensions } = sets[name];
  const path = join(dataFolder(), file);
  if (!isThere(name))
    throw new Error(`${path} is missing: QUIVER_DATA names the folder of the data sets`);
  if ((options.metric ?? metric) !== metric) throw new Error(`The metric of ${name} is ${metric}`);
  const given = {
    depth: givenDepth,
    rows: new Int32Array(readBytes(join(dataFolder(), `${name}.gt.i32bin`)).buffer),
  };
  const { base, queries } = split(readRaw(path), dimensions);
  return new DataSet({ name, metric, dimensions, base, queries, given });
}

function fileSet(path) {
  const { all, dimensions } = readVectors(path);
  const apart = options.queries && readVectors(options.queries);
  if (apart && apart.dimensions !== dimensions)
    throw new Error(`${options.queries} has ${apart.dimensions} dimensions, ${path} ${dimensions}`);
  const asked = apart ? { base: all, queries: apart.all } : split(all, dimensions);
  return new DataSet({
    name: basename(path, extname(path)),
    metric: options.metric ?? 'l2',
    dimensions,
    ...asked,
    given: options.truth && readTruth(options.truth, asked, dimensions),
  });
}

/** The nearest rows of each query, which must be rows of the data. */
function readTruth(path, { base, queries }, dimensions) {
  const { all, dimensions: depth } = readVecs(path, Int32Array);
  const [rows, count] = [base.length / dimensions, queries.length / dimensions];
  if (all.length < count * depth || all.some((row) => row < 0 || row >= rows))
    throw new Error(`${path} is not of ${count} queries to ${rows} rows`);
  return { depth, rows: all };
}

/** `rows` and 1,000 queries from the same clusters. */
export function syntheticSet({ rows, dimensions, metric = options.metric ?? 'cosine' }) {
  const seed = numberOption('seed', 1);
  const queries = Math.min(mostQueries, Math.ceil(rows / 10));
  progress(`making ${rows} × ${dimensions}`);
  const all = syntheticVectors({
    rows: rows + queries,
    dimensions,
    seed,
    clusters: clustersFor(rows),
  });
  const name = `synthetic (seed ${seed})`;
  const end = rows * dimensions;
  const [base, asked] = [all.subarray(0, end), all.subarray(end)];
  return new DataSet({ name, metric, dimensions, base, queries: asked });
}

/** What is asked of vectors that are made can be given only by making them. */
const wantsSynthetic = () =>
  options.data === 'synthetic' ||
  ['dim', 'seed', 'metric'].some(
    (name) => options.data === undefined && options[name] !== undefined,
  );

/**
 * The data of --data, cut to `rows`; without it, of `preferred` (names of sets) the first that is there; else synthetic.
 * The name of what it was stands in every report.
 */
export function loadData({ rows, dimensions = 128, preferred = [] }) {
  const name = wantsSynthetic() ? undefined : (options.data ?? preferred.find(isThere));
  if (name === undefined) return syntheticSet({ rows: rows ?? 100_000, dimensions });
  const data = Object.hasOwn(sets, name) ? namedSet(name) : fileSet(name);
  return rows === undefined ? data : data.part(Math.min(rows, data.rows));
}

/** The whole of the set or file that --data names; undefined when vectors are to be made. */
export function givenData() {
  return options.data === undefined || options.data === 'synthetic' ? undefined : loadData({});
}

/** The data of --data; without it those of the named sets that are there, else synthetic; each cut to --size. */
export function dataSets(names) {
  const rows = numberOption('size', undefined);
  const there = options.data === undefined && !wantsSynthetic() ? names.filter(isThere) : [];
  return there.length === 0
    ? [loadData({ rows })]
    : there.map((name) => {
        const data = namedSet(name);
        return rows === undefined ? data : data.part(Math.min(rows, data.rows));
      });
}

/** Of WordNet, what it says of each row; the id is in `id`. */
export function wordnetTexts(data) {
  const text = Buffer.from(readBytes(join(dataFolder(), 'wordnet30k.jsonl'))).toString('utf8');
  return text.split('\n', data.rows).map((line) => JSON.parse(line));
}
