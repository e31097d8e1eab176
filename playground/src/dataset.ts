import { Vocabulary } from './embedding.ts';
import type { StoredSense } from './sense.ts';

const files = {
  senses: new URL('../data/senses.tsv', import.meta.url),
  words: new URL('../data/words.txt', import.meta.url),
  vocabulary: new URL('../data/vocabulary.bin', import.meta.url),
};
export const licence = new URL('../data/LICENSE.txt', import.meta.url);

/** @throws {Error} when a file cannot be had */
export async function loadVocabulary(): Promise<Vocabulary> {
  const [words, codes] = await Promise.all([load(files.words), load(files.vocabulary)]);
  return new Vocabulary(
    (await words.text()).trimEnd().split('\n'),
    new Uint8Array(await codes.arrayBuffer()),
  );
}

/** @throws {Error} when the file cannot be had */
export async function loadSenses(): Promise<StoredSense[]> {
  const text = await (await load(files.senses)).text();
  const [, ...lines] = text.trimEnd().split('\n');
  return lines.map((line) => {
    const [id = '', domain = '', words = '', gloss = '', x = '', y = ''] = line.split('\t');
    return {
      id,
      words: words.split('|'),
      gloss,
      pos: domain.slice(0, domain.indexOf('.')),
      domain,
      x: Number(x),
      y: Number(y),
      own: false,
    };
  });
}

async function load(file: URL): Promise<Response> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file.pathname} cannot be loaded: status ${response.status}`);
  return response;
}
