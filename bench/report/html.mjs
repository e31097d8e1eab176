// A report as one page that needs nothing else: no network, no script.

import { drawChart, escapeText } from './charts.mjs';

const light = {
  page: '#f6f7f9', card: '#ffffff', text: '#16181d', soft: '#5c6370', line: '#e3e6eb',
  c0: '#2f5bea', c1: '#d9730d', c2: '#0f8a5f', c3: '#c2347f', c4: '#7a4fd0',
  c5: '#0b83a5', c6: '#6b8e10', c7: '#d23b3b', c8: '#94701c', c9: '#596273',
}; // biome-ignore format: a palette is read as a table
const dark = {
  page: '#101216', card: '#181b21', text: '#e8eaee', soft: '#9aa2af', line: '#2a2f38',
  c0: '#7c9bff', c1: '#f0a253', c2: '#4cc795', c3: '#f07fb8', c4: '#b497f5',
  c5: '#55c3e0', c6: '#b3cf5a', c7: '#f58383', c8: '#d8b15c', c9: '#a6afbf',
}; // biome-ignore format: a palette is read as a table

const variables = (colours) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
const classes = Object.keys(light)
  .filter((name) => /^c\d$/.test(name))
  .map((name) => `.${name}{--own:var(--${name})}`)
  .join('');

const css = `
:root{color-scheme:light dark;${variables(light)}}
@media(prefers-color-scheme:dark){:root{${variables(dark)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1040px;margin:0 auto;padding:48px 24px 80px}
h1{font-size:34px;line-height:1.15;letter-spacing:-.02em;margin:0 0 8px;text-wrap:balance}
h2{font-size:19px;margin:0 0 4px}
p{margin:0;color:var(--soft);max-width:72ch}
header{margin-bottom:32px}
.machine{margin-top:12px;font-size:13px}
.highlights{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:16px;margin-bottom:24px}
.highlights div,section{background:var(--card);border:1px solid var(--line);border-radius:14px}
.highlights div{padding:18px 20px}
.highlights b{display:block;font-size:30px;letter-spacing:-.02em;color:var(--c0)}
.highlights span{color:var(--soft);font-size:14px}
section{padding:24px 26px;margin-bottom:24px}
svg{display:block;width:100%;height:auto;margin-top:16px;overflow:visible;font:13px system-ui,sans-serif}
.grid{stroke:var(--line)}
.tick,.axis{fill:var(--soft)}
.series polyline{fill:none;stroke:var(--own);stroke-width:2;stroke-linejoin:round}
.series .leader{stroke-width:1;opacity:.35}
.series circle{fill:var(--card);stroke:var(--own);stroke-width:2}
.series rect{fill:var(--own)}
.series text{fill:var(--text)}
.series polyline+text,.series .leader+text{fill:var(--own);font-weight:600}
.c0 polyline:not(.leader){stroke-width:3.5}
.c0 circle{fill:var(--own)}
.c0 .name{font-weight:700}
svg:has(.series:hover) .series:not(:hover){opacity:.22}
.series{transition:opacity .12s}
.wide{overflow-x:auto;margin-top:16px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{font-weight:600;color:var(--soft);text-align:right;vertical-align:bottom}
td{text-align:right;white-space:nowrap}
th,td{padding:7px 12px;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;padding-left:0}
tbody tr:last-child td{border-bottom:0}
${classes}`;

function htmlTable({ headings, rows }) {
  const cells = (tag, row) => row.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('');
  return `<div class="wide"><table><thead><tr>${cells('th', headings)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function htmlSection({ title, note, chart, table }) {
  return `<section><h2>${escapeText(title)}</h2>${note ? `<p>${escapeText(note)}</p>` : ''}${
    chart ? drawChart(chart) : ''
  }${table ? htmlTable(table) : ''}</section>`;
}

/**
 * `machine`: a line about where and when.
 *
 * @param {{title: string, question: string, machine: string, highlights?: {value: string, label: string}[], sections: object[]}} report
 */
export function htmlReport({ title, question, machine, highlights = [], sections }) {
  const cards = highlights.map(
    ({ value, label }) => `<div><b>${escapeText(value)}</b><span>${escapeText(label)}</span></div>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title><style>${css}</style></head>
<body><main><header><h1>${escapeText(title)}</h1><p>${escapeText(question)}</p><p class="machine">${escapeText(machine)}</p></header>
${cards.length > 0 ? `<div class="highlights">${cards.join('')}</div>` : ''}
${sections.map(htmlSection).join('\n')}
</main></body></html>
`;
}
