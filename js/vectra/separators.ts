/** Words that begin a line where code of a language is best cut, the coarsest first. */
const lines = (words: string): string[] => words.split(' ').map((word) => `\n${word} `);
const paragraphs = ['\n\n', '\n'];
const regions = ['// LLM-REGION', '/* LLM-REGION', '/** LLM-REGION'];
const tags = (names: string): string[] => names.split(' ').map((name) => `<${name}>`);
const latex = (names: string): string[] => names.split(' ').map((name) => `\n\\${name}`);

/** The kinds of documents by the endings and the names of their languages, and where each is cut. */
const kinds: readonly (readonly [names: string, separators: readonly string[]])[] = [
  ['cpp', [...lines('class void int float double if for while switch case'), ...paragraphs]],
  ['go', [...lines('func var const type if for switch case'), ...paragraphs]],
  [
    'java c# csharp cs ts tsx typescript',
    [
      ...regions,
      ...lines('class public protected private static if for while switch case'),
      ...paragraphs,
      ' ',
    ],
  ],
  [
    'js jsx javascript',
    [
      ...regions,
      ...lines('class function const let var class if for while switch case default'),
      ...paragraphs,
    ],
  ],
  ['php', [...lines('function class if foreach while do switch case'), ...paragraphs]],
  ['proto', [...lines('message service enum option import syntax'), ...paragraphs]],
  ['python py', [...lines('class def \tdef'), ...paragraphs]],
  ['rst', ['\n===\n', '\n---\n', '\n***\n', '\n.. ', ...paragraphs]],
  ['ruby', [...lines('def class if unless while for do begin rescue'), ...paragraphs]],
  ['rust', [...lines('fn const let if while for loop match const'), ...paragraphs]],
  ['scala', [...lines('class object def val var if for while match case'), ...paragraphs]],
  ['swift', [...lines('func class struct enum if for while do switch case'), ...paragraphs]],
  [
    'md markdown',
    [
      ...lines('## ### #### ##### ######'),
      '```\n\n',
      '\n\n***\n\n',
      '\n\n---\n\n',
      '\n\n___\n\n',
      '<table>',
      ...paragraphs,
    ],
  ],
  [
    'latex',
    [
      ...latex('chapter{ section{ subsection{ subsubsection{'),
      ...latex(
        'begin{enumerate} begin{itemize} begin{description} begin{list} begin{quote} begin{quotation} begin{verse} begin{verbatim} begin{align}',
      ),
      ...paragraphs,
    ],
  ],
  [
    'html',
    tags(
      'body div p br li h1 h2 h3 h4 h5 h6 span table tr td th ul ol header footer nav head style script meta title',
    ),
  ],
  [
    'sol',
    [
      ...lines(
        'pragma using contract interface library constructor type function event modifier error struct enum if for while',
      ),
      '\ndo while ',
      ...lines('assembly'),
      ...paragraphs,
    ],
  ],
];

const byName = new Map(
  kinds.flatMap(([names, separators]) => names.split(' ').map((name) => [name, separators])),
);

export const separatorsFor = (docType: string | undefined): string[] => [
  ...(byName.get(docType ?? '') ?? paragraphs),
];
