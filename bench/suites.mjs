// What can be measured: a file each in bench/suites, which measures when it is imported and exports `report`:
// {sections: [{title, note?, table?: {headings, rows}, chart?}], figures (any JSON), highlights?: [{value, label}], failed?}.

export const suites = {
  peers: {
    question: 'How does Quiver compare with other libraries at the same recall?',
    heeds: ['data', 'queries', 'truth', 'metric', 'dim', 'size', 'seed', 'rounds', 'only', 'dir'],
  },
  insert: {
    question: 'How fast are items inserted: one by one, in batches, by many callers?',
    heeds: ['data', 'metric', 'dim', 'size', 'seed', 'durability', 'backend', 'dir'],
  },
  query: {
    question: 'How fast are queries at which recall, for 10, 100 and 1,000 results?',
    heeds: ['data', 'queries', 'truth', 'metric', 'dim', 'size', 'seed', 'backend', 'dir'],
  },
  filter: {
    question: 'What do filters cost, and are the answers as good?',
    heeds: ['data', 'queries', 'metric', 'dim', 'size', 'seed', 'backend', 'dir'],
  },
  'filter-peers': {
    question: 'How fast are queries with filters beside other libraries, at the same recall?',
    heeds: ['data', 'queries', 'metric', 'dim', 'size', 'seed', 'only', 'dir'],
  },
  stream: {
    question: 'What does the first batch of a stream cost beside a query, and what do the next?',
    heeds: ['data', 'queries', 'metric', 'dim', 'size', 'seed', 'backend', 'dir'],
  },
  memory: {
    question: 'What does an index take in memory and on disk, at each stage of its life?',
    heeds: ['data', 'metric', 'dim', 'size', 'seed', 'rounds', 'dir'],
  },
  concurrency: {
    question: 'How do queries fare with 1 to 1,000 callers, alone and under a bulk insert?',
    heeds: ['data', 'metric', 'dim', 'size', 'seed', 'backend', 'dir'],
  },
  stall: {
    question: 'For how long is the JavaScript thread blocked while an index is built?',
    heeds: ['data', 'metric', 'dim', 'size', 'seed', 'durability', 'backend', 'dir'],
  },
  browser: {
    question: 'For how long does a page wait for an index in a browser, over each kind of storage?',
    heeds: ['dim', 'size', 'only', 'dir'],
  },
  kernels: {
    question: 'How long does one distance take, on each instruction set?',
    heeds: [],
  },
  recall: {
    question: 'Which recall do the default settings give; do both backends agree?',
    heeds: ['data', 'queries', 'truth', 'metric', 'size', 'seed', 'dir'],
  },
  quantisation: {
    question: 'What does each kind of codes take, and how fast are queries at which recall?',
    heeds: ['data', 'queries', 'truth', 'metric', 'size', 'seed', 'only', 'dir'],
  },
  'query-overhead': {
    question: 'What does a query cost beside the search itself?',
    heeds: ['data', 'metric', 'size', 'seed', 'dir'],
  },
  writes: {
    question: 'What do durable writes cost beside the disk itself; what is saved by many at once?',
    heeds: ['data', 'metric', 'seed', 'dir'],
  },
  storage: {
    question: 'How large is a finished index, what of, and how long does opening it take?',
    heeds: ['data', 'metric', 'size', 'seed', 'rounds', 'only', 'dir'],
  },
  merge: {
    question: 'What does a merge cost beside building anew, and is its graph as good?',
    heeds: ['data', 'queries', 'truth', 'metric', 'size', 'seed', 'dir'],
  },
  churn: {
    question: 'Is an index that has lived as good as a new one?',
    heeds: ['data', 'metric', 'size', 'seed', 'rounds', 'dir'],
  },
  soak: {
    question: 'Does anything grow in long mixed load?',
    heeds: ['data', 'metric', 'size', 'seed', 'minutes', 'dir'],
  },
};
