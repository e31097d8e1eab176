/// <reference types="vite/client" />
import { QuiverError } from 'quiverdb';
import { Collection, type Hit, placeAmong, type Search } from './collection.ts';
import { licence, loadVocabulary } from './dataset.ts';
import { byId } from './dom.ts';
import type { Vocabulary } from './embedding.ts';
import { chip, Filters } from './filters.ts';
import { counted, milliseconds } from './format.ts';
import { ItemEditor } from './item-editor.ts';
import { Latency } from './latency.ts';
import { SenseMap } from './map.ts';
import { showMetrics } from './metrics.ts';
import { ResultList, stored } from './result-list.ts';
import { type Asked, SearchBox } from './search-box.ts';
import { headword, type Sense, type StoredSense } from './sense.ts';
import { Settings } from './settings.ts';
import { announce, messageOf, Progress, toast } from './status.ts';
import { startTheme } from './theme.ts';

const examples = ['hot drink', 'bird of prey', 'run fast', 'thunderstorm', 'fear', 'cooking meat'];
const metricsEvery = 1000;
const explainAfter = 250;
const benchmarkQueries = 1000;

/** The page: what is asked goes to the index, and what it answers to the list, the map and the figures. */
class Playground {
  readonly #vocabulary: Vocabulary;
  readonly #collection: Collection;
  readonly #progress: Progress;
  readonly #filters = new Filters(() => this.#onFilter());
  readonly #latency = new Latency();
  readonly #map = new SenseMap((sense) => this.#box.moreLike(sense));
  readonly #results = new ResultList({
    onPick: (sense) => this.#box.moreLike(sense),
    onDelete: (sense) => void this.#delete(sense),
    onEdit: (sense) => this.#editor.edit(sense),
    onPoint: (id) => this.#map.point(id),
    onLeave: () => this.#box.focus(),
  });
  readonly #box: SearchBox;
  readonly #editor = new ItemEditor((sense, id) => this.#put(sense, id));
  readonly #settings = new Settings(
    (settings) =>
      void this.#remake((onStep) => this.#collection.rebuild(settings, onStep), 'Rebuilt'),
    () => void this.#remake((onStep) => this.#collection.reset(onStep), 'The demo set is back'),
  );
  #senses: StoredSense[] = [];
  #ready = false;
  #ticket = 0;
  #explaining: ReturnType<typeof setTimeout> | undefined;

  constructor(vocabulary: Vocabulary, progress: Progress) {
    this.#vocabulary = vocabulary;
    this.#collection = new Collection(vocabulary, () => void this.#makeWay());
    this.#progress = progress;
    this.#box = new SearchBox(
      vocabulary,
      () => void this.#search(),
      () => this.#results.focus(0),
    );
    for (const example of examples) {
      const button = chip(example);
      button.addEventListener('click', () => {
        this.#box.type(example);
        this.#box.focus();
      });
      byId('examples', HTMLElement).append(button);
    }
    const benchmark = byId('benchmark', HTMLButtonElement);
    benchmark.addEventListener('click', () => void this.#benchmark(benchmark));
    setInterval(() => void this.#keepUp(), metricsEvery);
  }

  recolour(): void {
    this.#map.recolour();
  }

  async start(): Promise<void> {
    await this.#whenReady(() => this.#collection.open(this.#progress.step));
  }

  /** For another tab that makes the index anew. */
  async #makeWay(): Promise<void> {
    await this.#whenReady(async () => {
      this.#progress.step('Another tab makes the index anew');
      await this.#collection.close();
      await this.#collection.open(this.#progress.step);
    });
  }

  /** Everything that makes the index, with its progress where the results will be. */
  async #whenReady(make: () => Promise<void>): Promise<boolean> {
    this.#ready = false;
    this.#settings.busy = true;
    try {
      await make();
      await this.#collection.warmUp();
      await this.#list();
      this.#ready = true;
      this.#progress.done();
      this.#settings.show(await this.#collection.stats());
    } catch (error) {
      console.error(error);
      this.#progress.fail(error, () => void this.start());
      return false;
    } finally {
      this.#settings.busy = false;
    }
    await this.#showMetrics();
    await this.#search();
    return true;
  }

  async #remake(make: (onStep: Progress['step']) => Promise<void>, done: string): Promise<void> {
    const start = performance.now();
    this.#settings.note('Building…');
    this.#latency.clear();
    const made = await this.#whenReady(() => make(this.#progress.step));
    const took = milliseconds(performance.now() - start);
    this.#settings.note(made ? `${done} in ${took}.` : '');
  }

  async #list(): Promise<void> {
    this.#senses = await this.#collection.list();
    this.#map.show(this.#senses);
  }

  #onFilter(): void {
    this.#map.filter((sense) => this.#filters.accepts(sense));
    void this.#search();
  }

  async #vector(asked: Asked): Promise<Float32Array | undefined> {
    if (asked.kind === 'text') return asked.query.vector;
    if (asked.kind === 'like') return this.#collection.vectorOf(asked.sense.id);
    return undefined;
  }

  async #search(): Promise<void> {
    if (!this.#ready) return;
    const { asked } = this.#box;
    const ticket = ++this.#ticket;
    this.#progress.begin();
    try {
      const vector = await this.#vector(asked);
      if (vector === undefined) {
        if (ticket === this.#ticket) this.#showNothing();
        return;
      }
      const filtered = this.#filters.search;
      // Made of a spelling that hardly any item shares, a query is unlike everything that the graph was measured with.
      const strange = asked.kind === 'text' && asked.query.unknown.length > 0;
      const search = { ...filtered, vector, exact: filtered.exact || strange };
      // Of an item's neighbours the item itself is the first.
      const wanted = asked.kind === 'like' ? { ...search, topK: search.topK + 1 } : search;
      const start = performance.now();
      const hits = await this.#collection.search(wanted);
      const took = performance.now() - start;
      this.#latency.add(took);
      // What was asked meanwhile is answered next.
      if (ticket !== this.#ticket) return;
      const others =
        asked.kind === 'like' ? hits.filter(({ item }) => item.id !== asked.sense.id) : hits;
      this.#showHits(asked, others.slice(0, search.topK), took);
      this.#explainSoon(wanted);
    } catch (error) {
      console.error(error);
      if (ticket === this.#ticket) this.#progress.fail(error, () => void this.#search());
    }
  }

  #showNothing(): void {
    this.#progress.done();
    this.#results.show([], () => 0);
    this.#map.light(null);
    byId('summary', HTMLElement).textContent = '';
    byId('blank', HTMLElement).hidden = false;
    byId('blank-text', HTMLElement).textContent =
      'Type anything, pick a point on the map, or begin with one of these.';
  }

  #showHits(asked: Asked, hits: readonly Hit[], took: number): void {
    this.#progress.done();
    const blank = byId('blank', HTMLElement);
    blank.hidden = hits.length > 0;
    if (hits.length === 0) {
      byId('blank-text', HTMLElement).textContent = this.#filters.active
        ? 'Nothing near enough among what the filters leave. Take one away, or lower the least similarity.'
        : 'Nothing is near enough. Lower the least similarity, or begin with one of these.';
    }
    this.#results.show(hits, (score) => this.#collection.similarity(score));
    const summary = `${counted(hits.length, 'result')} in ${milliseconds(took)}`;
    byId('summary', HTMLElement).textContent = summary;
    announce(summary);
    const senses = hits.map(stored);
    if (asked.kind === 'like') {
      this.#map.light({ label: headword(asked.sense), at: asked.sense, hits: senses });
    } else if (asked.kind === 'text') {
      const at = placeAmong(senses.slice(0, 6));
      this.#map.light(senses.length > 0 ? { label: `“${asked.text}”`, at, hits: senses } : null);
    }
  }

  /** When typing pauses, so that explaining is not what is measured. */
  #explainSoon(search: Search): void {
    clearTimeout(this.#explaining);
    this.#explaining = setTimeout(async () => {
      const place = byId('explanation', HTMLElement);
      try {
        place.textContent = (await this.#collection.explain(search)).explanation.text;
      } catch (error) {
        place.textContent = messageOf(error);
      }
    }, explainAfter);
  }

  async #put(
    sense: Pick<Sense, 'words' | 'gloss' | 'domain'>,
    id: string | undefined,
  ): Promise<void> {
    const put = await this.#collection.put(sense, id);
    this.#senses = [...this.#senses.filter((other) => other.id !== put.id), put];
    this.#map.show(this.#senses);
    this.#box.moreLike(put);
    await this.#showMetrics();
  }

  async #delete(sense: StoredSense): Promise<void> {
    try {
      const bringBack = await this.#collection.remove(sense.id);
      const asked = this.#box.asked;
      await this.#list();
      if (asked.kind === 'like' && asked.sense.id === sense.id) this.#box.backToText();
      else await this.#search();
      if (bringBack === undefined) return;
      toast(`Deleted ${headword(sense)}.`, {
        name: 'Undo',
        run: () => void this.#undo(bringBack),
      });
    } catch (error) {
      toast(messageOf(error));
    }
  }

  async #undo(bringBack: () => Promise<void>): Promise<void> {
    try {
      await bringBack();
      await this.#list();
      await this.#search();
    } catch (error) {
      toast(messageOf(error));
    }
  }

  /** Each for the neighbours of another item, one after the other. */
  async #benchmark(button: HTMLButtonElement): Promise<void> {
    if (!this.#ready || this.#senses.length === 0) return;
    button.disabled = true;
    try {
      const search = this.#filters.search;
      for (let i = 0; i < benchmarkQueries; i++) {
        const sense = this.#senses[(i * 7919) % this.#senses.length] as StoredSense;
        const vector = this.#vocabulary.item(sense.words, sense.gloss);
        const start = performance.now();
        await this.#collection.search({ ...search, vector });
        this.#latency.add(performance.now() - start);
        if (i % 20 === 19) await new Promise(requestAnimationFrame);
      }
      await this.#showMetrics();
    } catch (error) {
      toast(messageOf(error));
    } finally {
      button.disabled = false;
    }
  }

  /** What another tab wrote is seen here too. */
  async #keepUp(): Promise<void> {
    if (!this.#ready || document.hidden) return;
    try {
      const items = await this.#showMetrics();
      if (items === this.#senses.length || !this.#ready) return;
      await this.#list();
      await this.#search();
    } catch (error) {
      // Another tab made the index anew. Anything else that is wrong shows where somebody asks for something.
      if (error instanceof QuiverError && error.code === 'INDEX_NOT_FOUND') await this.start();
    }
  }

  async #showMetrics(): Promise<number> {
    const [stats, metrics] = [await this.#collection.stats(), await this.#collection.metrics()];
    showMetrics(stats, metrics, this.#map.drawTime);
    return stats.items;
  }
}

async function start(): Promise<void> {
  let playground: Playground | undefined;
  startTheme(() => playground?.recolour());
  const progress = new Progress();
  byId('licence', HTMLAnchorElement).href = licence.href;
  try {
    progress.step('Loading the vocabulary');
    const vocabulary = await loadVocabulary();
    playground = new Playground(vocabulary, progress);
    await playground.start();
  } catch (error) {
    console.error(error);
    progress.fail(error, () => location.reload());
  }
}

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // Without it the page works as well, but not without a network.
  navigator.serviceWorker.register('./service-worker.js').catch(console.warn);
}
await start();
