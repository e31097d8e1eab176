import {
  type ExplainedResults,
  type Filter,
  type IndexItem,
  type IndexStats,
  type ItemInput,
  LocalIndex,
  type Metric,
  type PerformanceMetrics,
  type Progress,
  type Quantization,
  type QueryResult,
} from 'quiverdb';
import { loadSenses } from './dataset.ts';
import { dimensions, type Vocabulary } from './embedding.ts';
import type { Sense, StoredSense } from './sense.ts';
import { oneByOne, Tabs } from './tabs.ts';

export interface BuildSettings {
  readonly metric: Metric;
  readonly quantization: Quantization;
  readonly M: number;
}

const folder = 'playground';
const copyFolder = 'playground-copy';
const warmUpQueries = 20;

export type OnStep = (step: string, progress?: Progress) => void;

export interface Search {
  readonly vector: Float32Array;
  readonly filter: Filter<Sense> | null;
  readonly topK: number;
  /** From 0 to 1, whatever the metric. */
  readonly leastSimilarity: number;
  readonly targetRecall: number;
  readonly exact: boolean;
}

export type Hit = QueryResult<Sense>;

/** The index of this page: the senses of the demo set, and those that were added. */
export class Collection {
  #index = new LocalIndex<Sense>(folder);
  readonly #vocabulary: Vocabulary;
  readonly #tabs: Tabs;
  #metric: Metric = 'cosine';

  /** @param onAsked - another tab wants to make the index anew, and waits for `close` */
  constructor(vocabulary: Vocabulary, onAsked: () => void) {
    this.#vocabulary = vocabulary;
    this.#tabs = new Tabs(onAsked);
  }

  /** Opens the index as it was left; loads the demo set where there is none. Once more, where another tab made it anew. */
  async open(onStep: OnStep): Promise<void> {
    await this.#tabs.share();
    onStep('Opening the index');
    await oneByOne(() => this.#open(onStep));
  }

  /** Lets another tab have the index, until this one opens it again. */
  async close(): Promise<void> {
    try {
      await this.#index.close();
    } finally {
      this.#tabs.leave();
    }
  }

  async #open(onStep: OnStep): Promise<void> {
    await this.#index.close();
    this.#index = new LocalIndex<Sense>(folder);
    if (!(await this.#index.isIndexCreated())) await this.#create({});
    const stats = await this.#index.getIndexStats();
    this.#metric = stats.metric;
    // All items come in one transaction: an index without any is one whose page was closed before that.
    if (stats.items > 0) return;
    if (await this.#copy((copy) => copy.isIndexCreated())) {
      const items = await this.#copy((copy) => copy.listItems());
      if (items.length > 0) return this.#insert(items.map(itemOf), onStep);
    }
    await this.#load(onStep);
  }

  /** A few searches that nobody waits for: the first ones of a page run code that the browser has not compiled yet. */
  async warmUp(): Promise<void> {
    const vector = this.#vocabulary.item(['warm'], 'not cold');
    for (let i = 0; i < warmUpQueries; i++) await this.#index.query({ vector, topK: 12 });
  }

  /** Makes the index anew, with the same items. A copy of it stays until they are in it, whenever the page is closed. */
  async rebuild(settings: BuildSettings, onStep: OnStep): Promise<void> {
    onStep('Reading the items');
    const items = (await this.#index.listItems()).map(itemOf);
    await this.#copy(async (copy) => {
      await copy.createIndex({ dimensions, deleteIfExists: true });
      await copy.insertItems(items);
    });
    onStep('Waiting for other tabs to close it');
    await this.#tabs.alone(async () => {
      await this.#create(settings);
      await this.#insert(items, onStep);
      await this.#dropCopy();
    });
  }

  /** Forgets what was added and deleted. */
  reset(onStep: OnStep): Promise<void> {
    return this.#tabs.alone(async () => {
      await this.#dropCopy();
      await this.#create({});
      await this.#load(onStep);
    });
  }

  async list(): Promise<StoredSense[]> {
    const senses: StoredSense[] = [];
    const batches = this.#index.listItemsStream({ includeVectors: false, batchSize: 1000 });
    for await (const batch of batches)
      for (const { id, metadata } of batch) senses.push({ id, ...metadata });
    return senses;
  }

  search(search: Search): Promise<Hit[]> {
    return this.#index.query(this.#options(search));
  }

  explain(search: Search): Promise<ExplainedResults<Sense>> {
    return this.#index.query({ ...this.#options(search), explain: true });
  }

  /** Of two vectors of length 1, 0 to 1, from the score that the metric gives them. */
  similarity(score: number): number {
    return Math.max(0, this.#metric === 'l2' ? 1 + score / 2 : score);
  }

  async vectorOf(id: string): Promise<Float32Array | undefined> {
    return (await this.#index.getItem(id))?.vector;
  }

  /** Inserts it, or replaces the one of that id. It lies on the map among its neighbours. */
  async put(
    { words, gloss, domain }: Pick<Sense, 'words' | 'gloss' | 'domain'>,
    id?: string,
  ): Promise<StoredSense> {
    const vector = this.#vocabulary.item(words, gloss);
    const near = await this.#index.query({ vector, topK: 6 });
    const place = placeAmong(
      near.filter(({ item }) => item.id !== id).map(({ item }) => item.metadata),
    );
    const pos = domain.slice(0, domain.indexOf('.'));
    const metadata: Sense = { words, gloss, domain, pos, ...place, own: true };
    const item = { vector, metadata, ...(id === undefined ? {} : { id }) };
    const stored = await (id === undefined
      ? this.#index.insertItem(item)
      : this.#index.upsertItem(item));
    return { id: stored.id, ...metadata };
  }

  /** Returns what brings it back; undefined when it was not there. */
  async remove(id: string): Promise<(() => Promise<void>) | undefined> {
    const item = await this.#index.getItem(id);
    if (item === undefined) return undefined;
    await this.#index.deleteItem(id);
    const { vector, metadata } = item;
    return async () => {
      await this.#index.upsertItem({ id, vector, metadata });
    };
  }

  stats(): Promise<IndexStats> {
    return this.#index.getIndexStats();
  }

  metrics(): Promise<PerformanceMetrics> {
    return this.#index.getPerformanceMetrics();
  }

  #options({ leastSimilarity, ...search }: Search) {
    const least = this.#metric === 'l2' ? 2 * leastSimilarity - 2 : leastSimilarity;
    return { ...search, ...(leastSimilarity > 0 ? { minScore: least } : {}) };
  }

  async #create(settings: Partial<BuildSettings>): Promise<void> {
    await this.#index.createIndex({ dimensions, deleteIfExists: true, ...settings });
    this.#metric = settings.metric ?? 'cosine';
  }

  async #load(onStep: OnStep): Promise<void> {
    onStep('Loading the demo set');
    const senses = await loadSenses();
    const items = senses.map(({ id, ...metadata }) => ({
      id,
      vector: this.#vocabulary.item(metadata.words, metadata.gloss),
      metadata,
    }));
    await this.#insert(items, onStep);
  }

  async #insert(items: readonly ItemInput<Sense>[], onStep: OnStep): Promise<void> {
    onStep(`Inserting ${items.length} senses`);
    await this.#index.insertItems(items);
    await this.#optimize(onStep);
  }

  /** What `act` makes of the copy of an index that is made anew. */
  async #copy<T>(act: (copy: LocalIndex<Sense>) => Promise<T>): Promise<T> {
    const copy = new LocalIndex<Sense>(copyFolder);
    try {
      return await act(copy);
    } finally {
      await copy.close();
    }
  }

  async #dropCopy(): Promise<void> {
    await this.#copy(async (copy) => {
      if (await copy.isIndexCreated()) await copy.deleteIndex();
    });
  }

  async #optimize(onStep: OnStep): Promise<void> {
    onStep('Building the graph');
    await this.#index.optimize({
      onProgress: (progress) => onStep('Building the graph', progress),
    });
  }
}

/** As it is inserted. */
const itemOf = ({ id, vector, metadata }: IndexItem<Sense>): ItemInput<Sense> => ({
  id,
  vector,
  metadata,
});

/** The middle of the nearest ones on the map that lie together: those far from the first are left out. */
export function placeAmong(near: readonly Pick<Sense, 'x' | 'y'>[]): { x: number; y: number } {
  const [first] = near;
  if (first === undefined) return { x: 500, y: 300 };
  const close = near.filter(({ x, y }) => Math.hypot(x - first.x, y - first.y) < 120);
  const mean = (axis: 'x' | 'y'): number =>
    Math.round((10 * close.reduce((sum, place) => sum + place[axis], 0)) / close.length) / 10;
  return { x: mean('x'), y: mean('y') };
}
