/** What is used of an element. */
interface Element {
  readonly nodeName: string;
  readonly textContent: string | null;
  readonly parentNode: Element;
  readonly firstChild: Element | null;
  readonly previousSibling: Element | null;
  readonly childNodes: ArrayLike<Element>;
  getAttribute?(name: string): string | null;
}

export interface Turndown {
  turndown(html: string): string;
  addRule(
    name: string,
    rule: {
      filter: string | string[];
      replacement: (content: string, node: Element) => string;
    },
  ): unknown;
}

const borders = new Map([
  ['left', ':--'],
  ['right', '--:'],
  ['center', ':-:'],
]);

const cell = (content: string, node: Element): string => {
  const isFirst = node.parentNode.childNodes[0] === node;
  return `${isFirst ? '| ' : ' '}${content} |`.replace(/\s+/g, ' ');
};

/** Makes HTML's tables Markdown's, which turndown by itself does not. */
export function addTables(service: Turndown): void {
  service.addRule('tableCell', { filter: ['th', 'td'], replacement: cell });
  service.addRule('tableRow', {
    filter: 'tr',
    replacement: (content, row) =>
      `\n${content}${isHeading(row) ? `\n${Array.from(row.childNodes, border).join('')}` : ''}`,
  });
  service.addRule('tableSection', {
    filter: ['thead', 'tbody', 'tfoot'],
    replacement: (content) => content,
  });
  service.addRule('table', {
    filter: ['table'],
    replacement: (content) => `\n\n${content.replace('\n\n', '\n')}\n\n`,
  });
}

const border = (node: Element): string =>
  cell(borders.get((node.getAttribute?.('align') ?? '').toLowerCase()) ?? '---', node);

/** A row in the head, or a table's first row when it has nothing but headings. */
function isHeading(row: Element): boolean {
  const parent = row.parentNode;
  if (parent.nodeName === 'THEAD') return true;
  if (parent.firstChild !== row) return false;
  if (parent.nodeName !== 'TABLE' && !isFirstBody(parent)) return false;
  return Array.from(row.childNodes).every(({ nodeName }) => nodeName === 'TH');
}

function isFirstBody({ nodeName, previousSibling }: Element): boolean {
  if (nodeName !== 'TBODY') return false;
  if (previousSibling === null) return true;
  return previousSibling.nodeName === 'THEAD' && !/\S/.test(previousSibling.textContent ?? '');
}
