import { missing, peer } from './peers.ts';
import type { IndexItem, QueryResult } from './types.ts';

/** What is asked of wink-bm25-text-search, or of what a caller gives in its place. */
export interface Bm25Engine {
  defineConfig(config: { fldWeights: Record<string, number> }): unknown;
  definePrepTasks(tasks: ((text: string) => string[])[]): unknown;
  addDoc?(document: { body: string }, id: number): unknown;
  consolidate?(): unknown;
  /** `[id, score]`, or an item and its score; best first. */
  search(
    text: string,
  ): readonly (readonly [number | string, number] | { item?: unknown; score: number })[];
}

interface WinkToken {
  out(accessor: unknown): unknown;
}

interface Wink {
  readDoc(text: string): { tokens(): { each(visit: (token: WinkToken) => void): void } };
  readonly its: Record<'type' | 'stopWordFlag' | 'negationFlag' | 'stem', unknown>;
}

const who = 'BM25 search';

export const defaultBm25 = (): Bm25Engine =>
  peer<() => Bm25Engine>('wink-bm25-text-search', missing(who, 'wink-bm25-text-search'))();

let wink: Wink | undefined;

/** Stems of the words that mean something, in the text's order; `!` before one that is negated. */
function stems(text: string): string[] {
  wink ??= peer<(model: unknown) => Wink>(
    'wink-nlp',
    missing(who, 'wink-nlp'),
  )(peer('wink-eng-lite-web-model', missing(who, 'wink-eng-lite-web-model')));
  const { its } = wink;
  const found: string[] = [];
  wink
    .readDoc(text)
    .tokens()
    .each((token) => {
      if (token.out(its.type) !== 'word' || token.out(its.stopWordFlag)) return;
      found.push(`${token.out(its.negationFlag) ? '!' : ''}${token.out(its.stem)}`);
    });
  return found;
}

/** Fewer than this wink-bm25-text-search refuses. */
const fewestDocuments = 3;

/**
 * Vectra's second half of a hybrid query: ranks the chunks of documents that are not in `found` by the words of `text`, and
 * gives the best `topK` marked `isBm25`, with BM25's own scores.
 */
export async function keywordResults(
  engine: Bm25Engine,
  items: readonly IndexItem[],
  found: ReadonlySet<string>,
  text: string,
  topK: number,
  readDocument: (documentId: string) => Promise<string>,
): Promise<QueryResult[]> {
  engine.defineConfig({ fldWeights: { body: 1 } });
  engine.definePrepTasks([stems]);
  const texts = new Map<string, Promise<string>>();
  let documents = 0;
  for (const [number, item] of items.entries()) {
    const { documentId, startPos, endPos } = item.metadata ?? {};
    const isChunk = documentId != null && startPos != null && endPos != null;
    if (!isChunk || found.has(item.id)) continue;
    const id = String(documentId);
    if (!texts.has(id)) texts.set(id, readDocument(id));
    try {
      const whole = await (texts.get(id) as Promise<string>);
      const body = whole.substring(Number(startPos), Number(endPos) + 1);
      engine.addDoc?.({ body }, number);
      documents++;
    } catch {
      // As in Vectra, a document that cannot be read has no words.
    }
  }
  consolidate(engine, documents, items.length);
  return resultsOf(engine.search(text).slice(0, topK), items);
}

/** wink-bm25-text-search refuses fewer than three documents: those that miss are added, without a word. */
function consolidate(engine: Bm25Engine, documents: number, freeId: number): void {
  try {
    engine.consolidate?.();
  } catch (error) {
    if (documents >= fewestDocuments) throw error;
    for (let extra = 0; documents + extra < fewestDocuments; extra++)
      engine.addDoc?.({ body: '' }, freeId + extra);
    engine.consolidate?.();
  }
}

function resultsOf(
  ranked: ReturnType<Bm25Engine['search']>,
  items: readonly IndexItem[],
): QueryResult[] {
  const results: QueryResult[] = [];
  for (const result of ranked) {
    const [item, score] = isPair(result)
      ? [items[Number(result[0])], result[1]]
      : [(result.item ?? {}) as IndexItem, result.score];
    if (item === undefined) continue;
    results.push({ item: { ...item, metadata: { ...item.metadata, isBm25: true } }, score });
  }
  return results;
}

const isPair = (result: object): result is readonly [number | string, number] =>
  Array.isArray(result);
