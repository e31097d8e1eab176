// HTML as simple Markdown by what every browser has.

const unread = 'script, style, noscript, iframe, svg, canvas';

const textOf = (element: Element): string =>
  (element.textContent ?? '').replace(/\s+/g, ' ').trim();
const block = (...lines: string[]): string[] => ['', ...lines, ''];

/** The page's text, with headings, links, lists, tables and code marked as Markdown has it. */
export function markdownOf(html: string, uri: string): string {
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const element of page.querySelectorAll(unread)) element.remove();
  for (const link of page.querySelectorAll('a[href]')) {
    const target = link.getAttribute('href') as string;
    const isRelative = !/^(http|\/\/|#)/.test(target);
    if (isRelative && URL.canParse(target, uri))
      link.setAttribute('href', new URL(target, uri).toString());
  }
  return childrenOf(page.body)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const childrenOf = (node: Node): string[] => Array.from(node.childNodes).flatMap(linesOf);

function linesOf(node: Node): string[] {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.textContent?.trim();
    return text ? [text] : [];
  }
  return node.nodeType === Node.ELEMENT_NODE ? elementLines(node as Element) : [];
}

function elementLines(element: Element): string[] {
  const name = element.tagName.toLowerCase();
  const heading = /^h([1-6])$/.exec(name);
  if (heading) return block(`${'#'.repeat(Number(heading[1]))} ${textOf(element)}`);
  switch (name) {
    case 'p':
      return block(...childrenOf(element));
    case 'br':
      return [''];
    case 'hr':
      return block('---');
    case 'a':
      return linkLines(textOf(element), element.getAttribute('href'));
    case 'strong':
    case 'b':
      return [`**${textOf(element)}**`];
    case 'em':
    case 'i':
      return [`*${textOf(element)}*`];
    case 'code':
      return [`\`${textOf(element)}\``];
    case 'pre':
      return block('```', element.textContent ?? '', '```');
    case 'blockquote':
      return block(`> ${textOf(element)}`);
    case 'ul':
    case 'ol':
      return block(
        ...Array.from(
          element.querySelectorAll(':scope > li'),
          (item, number) => `${name === 'ol' ? `${number + 1}.` : '-'} ${textOf(item)}`,
        ),
      );
    case 'table':
      return block(...tableLines(element));
    case 'img': {
      const source = element.getAttribute('src');
      return source ? [`![${element.getAttribute('alt') || 'image'}](${source})`] : [];
    }
    default:
      return childrenOf(element);
  }
}

function linkLines(text: string, target: string | null): string[] {
  if (!text) return [];
  return [target ? `[${text}](${target})` : text];
}

function tableLines(table: Element): string[] {
  const rows = Array.from(table.querySelectorAll('tr'), (row) =>
    Array.from(row.querySelectorAll('th, td'), textOf),
  ).filter(({ length }) => length > 0);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [first, ...rest] = rows;
  if (first === undefined) return [];
  return [line(first), line(first.map(() => '---')), ...rest.map(line)];
}
