// Makes the demo set of the playground: a cut of WordNet 3.0 and a vocabulary of word vectors learned from all of it.
//   node playground/data/make.mjs ../shared/data     where wordnet30k.jsonl and wordnet30k.f16bin are
// Writes senses.tsv, words.txt and vocabulary.bin beside this file. The same input gives the same files.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalIndex } from 'quiverdb';
import { UMAP } from 'umap-js';
import { runnerImport } from 'vite';

const { module: embedding } = await runnerImport(
  fileURLToPath(new URL('../src/embedding.ts', import.meta.url)),
);
const { bytesPerWord, dimensions, Vocabulary, wordsOf } = embedding;

const sourceFolder = process.argv[2];
if (sourceFolder === undefined) throw new Error('Give the folder of wordnet30k.jsonl');

/** How many senses of each of WordNet's domains are taken, the best known first. */
const quotas = {
  'noun.animal': 440,
  'noun.plant': 270,
  'noun.food': 270,
  'noun.body': 190,
  'noun.person': 270,
  'noun.group': 70,
  'noun.artifact': 500,
  'noun.object': 150,
  'noun.phenomenon': 75,
  'noun.substance': 150,
  'noun.location': 130,
  'noun.feeling': 70,
  'noun.communication': 180,
  'noun.act': 150,
  'noun.event': 80,
  'noun.time': 95,
  'noun.shape': 40,
  'noun.cognition': 90,
  'noun.attribute': 90,
  'noun.state': 70,
  'verb.weather': 16,
  'verb.emotion': 50,
  'verb.motion': 105,
  'verb.body': 30,
  'verb.perception': 45,
  'verb.consumption': 32,
  'verb.creation': 45,
  'verb.communication': 70,
  'verb.contact': 80,
  'verb.cognition': 35,
  'adj.all': 170,
};
const vocabularySize = 5600;
/** Of a definition, in characters. */
const longestGloss = 110;
/** Dimensions of meaning; the others tell the domain that a word is used in. */
const latent = 80;
const domainWeight = 0.35;

/** A page that anybody may open leaves out what dictionaries have to hold. */
const unfit =
  /offensive|disparag|slur\b|obscen|vulgar|derogat|sexual|\bsex\b|intercourse|genital|penis|vagina|prostitut|lesbian|homosexual|negro|nazi|terroris|\brap(e|ist)\b|suicid|hitler|slave|contempt|coitus|copulat|erotic|aphrodis|pornogr|masturb|excrement|feces|\burin|defecat|bastard|whore|\bdrugs?\b|heroin|cocaine|murder|kill|massacre|torture|corpse|abortion|\bjew|islam|\barab|gypsy|\bindian\b|ethnic|\brace\b|fetus|cancer|tumor/i;

const senses = readFileSync(join(sourceFolder, 'wordnet30k.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
/** Examples follow in quotes. */
const definition = (sense) => sense.gloss.split(/;\s*"/)[0].replace(/;\s*$/, '').trim();

const chosen = choose();
const { words, codes } = learn(senseVectors());
writeFileSync(new URL('words.txt', import.meta.url), `${words.join('\n')}\n`);
writeFileSync(new URL('vocabulary.bin', import.meta.url), codes);
const vocabulary = new Vocabulary(words, codes);
const places = await map(chosen.map((sense) => vocabulary.item(sense.words, definition(sense))));
const rows = chosen.map((sense, i) =>
  [sense.id, sense.domain, sense.words.join('|'), definition(sense), ...places[i]].join('\t'),
);
writeFileSync(
  new URL('senses.tsv', import.meta.url),
  `${['id\tdomain\twords\tgloss\tx\ty', ...rows].join('\n')}\n`,
);
console.log(`${chosen.length} senses, ${words.length} words`);

/** Senses whose headwords are used much, in definitions and even more in examples. */
function choose() {
  const inDefinitions = new Map();
  const inExamples = new Map();
  const count = (counts, text) => {
    for (const word of new Set(wordsOf(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  };
  for (const sense of senses) {
    const text = definition(sense);
    count(inDefinitions, text);
    count(inExamples, sense.gloss.slice(text.length));
  }
  const usage = (word) =>
    0.6 * Math.log1p(inDefinitions.get(word) ?? 0) + Math.log1p(inExamples.get(word) ?? 0);
  const fame = ({ words: headwords, domain }) =>
    Math.max(
      0,
      ...headwords.slice(0, 2).map((headword, i) => {
        if (headword.length < 3 || /[^a-zA-Z -]/.test(headword)) return 0;
        if (/[A-Z]/.test(headword) && domain !== 'noun.location') return 0;
        const parts = wordsOf(headword);
        if (parts.length === 0) return 0;
        const least = Math.min(...parts.map(usage)) / parts.length ** 0.8;
        return least * (i === 0 ? 1 : 0.6) * (headword.includes('-') ? 0.7 : 1);
      }),
    );
  const found = [];
  const senseCount = new Map();
  for (const [domain, quota] of Object.entries(quotas)) {
    const taken = new Set();
    const candidates = senses
      .filter(
        (sense) =>
          sense.domain === domain &&
          !unfit.test(`${sense.words.join(' ')} ${sense.gloss}`) &&
          definition(sense).length >= 12 &&
          definition(sense).length <= longestGloss,
      )
      .map((sense) => ({ sense, score: fame(sense) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || (a.sense.id < b.sense.id ? -1 : 1));
    for (const { sense } of candidates) {
      const headword = sense.words[0].toLowerCase();
      const before = senseCount.get(headword) ?? 0;
      if (taken.size >= quota) break;
      if (before >= 2 || taken.has(headword)) continue;
      taken.add(headword);
      senseCount.set(headword, before + 1);
      found.push(sense);
    }
  }
  return found;
}

/** What words are averages of, a row a sense: its latent vector in fewer dimensions, and a direction for its domain. */
function senseVectors() {
  const bytes = readFileSync(join(sourceFolder, 'wordnet30k.f16bin'));
  const source = bytes.length / 2 / senses.length;
  const given = Float32Array.from({ length: senses.length * source }, (_, i) =>
    fromHalf(bytes.readUInt16LE(2 * i)),
  );
  const isChosen = new Set(chosen);
  const covariance = new Float64Array(source * source);
  senses.forEach((sense, row) => {
    if (!isChosen.has(sense)) return;
    for (let a = 0; a < source; a++) {
      const value = given[row * source + a];
      for (let b = 0; b < source; b++)
        covariance[a * source + b] += value * given[row * source + b];
    }
  });
  const axes = principalAxes(covariance, source, latent);
  const directions = new Map(
    [...new Set(senses.map(({ domain }) => domain))]
      .sort()
      .map((domain, i) => [
        domain,
        Array.from({ length: dimensions - latent }, (_, d) => (noise(i * 1000 + d) > 0.5 ? 1 : -1)),
      ]),
  );
  const rows = new Float32Array(senses.length * dimensions);
  senses.forEach((sense, row) => {
    axes.forEach((axis, d) => {
      let sum = 0;
      for (let a = 0; a < source; a++) sum += given[row * source + a] * axis[a];
      rows[row * dimensions + d] = sum;
    });
    const scale = domainWeight / Math.sqrt(dimensions - latent);
    directions.get(sense.domain).forEach((sign, d) => {
      rows[row * dimensions + latent + d] = scale * sign;
    });
  });
  return rows;
}

/** Word vectors: the average of the senses that have the word, by how much each of them is about it. */
function learn(ofSenses) {
  const spelt = senses.map(({ words: headwords, gloss }) => {
    const heads = wordsOf(headwords.join(' '));
    return [...heads, ...heads, ...wordsOf(gloss)];
  });
  const headwords = new Set(senses.flatMap(({ words }) => words.map((word) => word.toLowerCase())));
  const singular = singularOf(new Set(spelt.flat()), headwords);
  const documents = spelt.map((words) => words.map(singular));
  const frequency = new Map();
  for (const document of documents)
    for (const word of new Set(document)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const idf = (word) => Math.log(senses.length / frequency.get(word)) + 1;
  const sums = new Map();
  documents.forEach((document, row) => {
    const counts = new Map();
    for (const word of document) counts.set(word, (counts.get(word) ?? 0) + 1);
    const weights = [...counts].map(([word, count]) => [word, (1 + Math.log(count)) * idf(word)]);
    const length = Math.hypot(...weights.map(([, weight]) => weight));
    for (const [word, weight] of weights) {
      if (!sums.has(word)) sums.set(word, new Float64Array(dimensions));
      const sum = sums.get(word);
      for (let d = 0; d < dimensions; d++)
        sum[d] += (weight / length) * ofSenses[row * dimensions + d];
    }
  });
  // Words of the cut are what a search can find, headwords are what people type.
  const inCut = new Set(
    chosen
      .flatMap((sense) => wordsOf(`${sense.words.join(' ')} ${definition(sense)}`))
      .map(singular),
  );
  const worth = (word) =>
    frequency.get(word) * (inCut.has(word) ? 2 : 1) * (headwords.has(word) ? 2 : 1);
  const kept = [...frequency.keys()]
    .filter((word) => frequency.get(word) >= 3 && /^[a-z]+$/.test(word))
    .sort((a, b) => worth(b) - worth(a) || (a < b ? -1 : 1))
    .slice(0, vocabularySize)
    .sort((a, b) => frequency.get(b) - frequency.get(a) || (a < b ? -1 : 1));
  const lengths = kept.map((word) => Math.hypot(...sums.get(word)));
  const meanLength = lengths.reduce((sum, length) => sum + length) / lengths.length;
  const packed = new Uint8Array(kept.length * bytesPerWord);
  kept.forEach((word, i) => {
    // A long vector is one of a word that many senses use alike; it says more than a short one, but not by so much.
    const strength = (lengths[i] / meanLength) ** 0.35;
    packed.set(code(sums.get(word), lengths[i], idf(word), strength), i * bytesPerWord);
  });
  return { words: kept, codes: packed };
}

/** Takes the s off where that leaves a word that is known: what has a plural is learned from both of its forms. */
function singularOf(known, headwords) {
  const find = (word) => {
    if (!word.endsWith('s') || /(ss|us|is)$/.test(word) || headwords.has(word)) return word;
    const forms = [word.slice(0, -1), word.slice(0, -2), `${word.slice(0, -3)}y`];
    const fits = [true, word.endsWith('es'), word.endsWith('ies')];
    return forms.find((form, i) => fits[i] && form.length > 2 && known.has(form)) ?? word;
  };
  const found = new Map([...known].map((word) => [word, find(word)]));
  return (word) => found.get(word);
}

/** The layout that Vocabulary reads. Values beyond 2.6 standard deviations are cut off. */
function code(vector, length, idf, strength) {
  const largest = (2.6 * length) / Math.sqrt(dimensions);
  const record = new Uint8Array(bytesPerWord);
  record[0] = Math.min(255, Math.round(idf * 16));
  record[1] = Math.min(255, Math.round(strength * 128));
  vector.forEach((value, d) => {
    const level = Math.max(-7, Math.min(7, Math.round((7 * value) / largest))) + 8;
    record[2 + (d >> 1)] |= level << (4 * (d & 1));
  });
  return record;
}

/** The eigenvectors of the largest eigenvalues, by orthogonal iteration. */
function principalAxes(matrix, size, count) {
  let axes = Array.from({ length: count }, (_, k) =>
    Float64Array.from({ length: size }, (_, a) => noise(k * size + a) - 0.5),
  );
  for (let round = 0; round < 20; round++) {
    axes = axes.map((axis) =>
      Float64Array.from({ length: size }, (_, a) => {
        let sum = 0;
        for (let b = 0; b < size; b++) sum += matrix[a * size + b] * axis[b];
        return sum;
      }),
    );
    axes.forEach((axis, k) => {
      for (const other of axes.slice(0, k)) {
        const along = axis.reduce((sum, value, a) => sum + value * other[a], 0);
        axis.forEach((value, a) => {
          axis[a] = value - along * other[a];
        });
      }
      const length = Math.hypot(...axis);
      axis.forEach((value, a) => {
        axis[a] = value / length;
      });
    });
  }
  return axes;
}

/** Where each vector lies on a plane: UMAP of the neighbours that Quiver finds. */
async function map(ofItems) {
  const neighbours = 16;
  const index = new LocalIndex('memory:map');
  await index.createIndex();
  await index.insertItems(ofItems.map((vector, i) => ({ id: String(i), vector })));
  const found = await index.queryMany(ofItems, { topK: neighbours, exact: true });
  await index.close();
  let seed = 1;
  const umap = new UMAP({
    nNeighbors: neighbours,
    minDist: 0.25,
    spread: 1.6,
    nEpochs: 600,
    random: () => noise(seed++),
  });
  umap.setPrecomputedKNN(
    found.map((results) => results.map(({ item }) => Number(item.id))),
    found.map((results) => results.map(({ score }) => Math.max(0, 1 - score))),
  );
  return fitted(turned(umap.fit(ofItems.map((vector) => [...vector]))));
}

/** So that the plane is wider than it is high: its longest extent lies level. */
function turned(plane) {
  const mean = [0, 1].map(
    (axis) => plane.reduce((sum, place) => sum + place[axis], 0) / plane.length,
  );
  let [xx, xy, yy] = [0, 0, 0];
  for (const place of plane) {
    const [x, y] = place.map((value, axis) => value - mean[axis]);
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  return plane.map(([x, y]) => [
    x * Math.cos(angle) + y * Math.sin(angle),
    y * Math.cos(angle) - x * Math.sin(angle),
  ]);
}

/** To whole numbers, 0 to 1000 across. A few places far out would leave the others little room: they are moved to the edge. */
function fitted(plane) {
  const range = [0, 1].map((axis) => {
    const sorted = plane.map((place) => place[axis]).sort((a, b) => a - b);
    const cut = Math.floor(sorted.length * 0.003);
    return [sorted[cut], sorted[sorted.length - 1 - cut]];
  });
  const scale = 1000 / (range[0][1] - range[0][0]);
  return plane.map((place) =>
    place.map((value, axis) => {
      const [low, high] = range[axis];
      return Math.round(scale * (Math.max(low, Math.min(high, value)) - low));
    }),
  );
}

function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** The n-th number of a fixed sequence that looks random, 0 to 1 (Mulberry32). */
function noise(n) {
  let state = Math.imul(n + 1, 0x6d2b79f5);
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}
