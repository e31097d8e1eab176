import { type Filter, LocalIndex, type QueryResult, QuiverError } from 'quiverdb';

interface Film {
  title: string;
  year: number;
  genres: string[];
}

const index = new LocalIndex<Film>('./films', { dimensions: 2, metric: 'cosine' });
await index.insertItem({
  id: 'a',
  vector: [1, 2],
  metadata: { title: 'A', year: 1999, genres: [] },
});
const results: QueryResult<Film>[] = await index.query({ vector: new Float32Array(2), topK: 3 });
const year: number | undefined = results[0]?.item.metadata.year;
const filter: Filter<Film> = { year: { $gte: 1990 }, genres: { $contains: 'drama' } };
for await (const batch of index.queryStream([1, 2], { filter, batchSize: 10 })) {
  const titles: string[] = batch.map(({ item }) => item.metadata.title);
  console.log(titles, year);
}
try {
  await index.deleteIndex();
} catch (error) {
  if (error instanceof QuiverError && error.code === 'INDEX_NOT_FOUND')
    console.log(error.details.folder);
}

// @ts-expect-error no such metric
new LocalIndex('./films', { metric: 'hamming' });
// @ts-expect-error a year is a number
await index.insertItem({ vector: [1, 2], metadata: { title: 'A', year: '1999', genres: [] } });
// @ts-expect-error no such operator
await index.query({ vector: [1, 2], filter: { year: { $near: 3 } } });
// @ts-expect-error no such code
if (new QuiverError('CLOSED', '').code === 'SHUT') console.log();
