/** What the index keeps beside a sense's vector. */
export interface Sense {
  /** The first one is the headword. */
  readonly words: string[];
  readonly gloss: string;
  /** noun, verb, adj or adv: the part of `domain` before the dot. */
  readonly pos: string;
  /** One of WordNet's, such as noun.animal. */
  readonly domain: string;
  /** Where it lies on the map: 0 to 1000 across. */
  readonly x: number;
  readonly y: number;
  /** Whether it was added in the page. */
  readonly own: boolean;
}

export interface StoredSense extends Sense {
  readonly id: string;
}

export const headword = (sense: Pick<Sense, 'words'>): string => sense.words[0] ?? '';

/** Domains that belong together, by the number of their colour in style.css. */
export const topics: readonly { readonly name: string; readonly domains: readonly string[] }[] = [
  { name: 'Animals', domains: ['noun.animal'] },
  { name: 'Plants', domains: ['noun.plant'] },
  { name: 'Food', domains: ['noun.food', 'verb.consumption'] },
  { name: 'Body', domains: ['noun.body', 'verb.body'] },
  { name: 'People', domains: ['noun.person', 'noun.group'] },
  { name: 'Things', domains: ['noun.artifact'] },
  {
    name: 'Nature',
    domains: ['noun.object', 'noun.phenomenon', 'noun.substance', 'verb.weather'],
  },
  { name: 'Places', domains: ['noun.location'] },
  {
    name: 'Mind',
    domains: [
      'noun.feeling',
      'noun.cognition',
      'verb.emotion',
      'verb.cognition',
      'verb.perception',
    ],
  },
  { name: 'Language', domains: ['noun.communication', 'verb.communication'] },
  {
    name: 'Actions',
    domains: ['noun.act', 'noun.event', 'verb.motion', 'verb.contact', 'verb.creation'],
  },
  {
    name: 'Qualities & time',
    domains: ['adj.all', 'noun.attribute', 'noun.state', 'noun.shape', 'noun.time'],
  },
];

const topicsOfDomains = new Map(
  topics.flatMap(({ domains }, topic) => domains.map((domain) => [domain, topic] as const)),
);

/** Its number in {@link topics}. */
export const topicOf = (sense: Pick<Sense, 'domain'>): number =>
  topicsOfDomains.get(sense.domain) ?? topics.length - 1;

export const partsOfSpeech: Readonly<Record<string, string>> = {
  noun: 'Nouns',
  verb: 'Verbs',
  adj: 'Adjectives',
};

const shortParts: Readonly<Record<string, string>> = { noun: 'n.', verb: 'v.', adj: 'adj.' };

export const shortPart = (pos: string): string => shortParts[pos] ?? pos;
