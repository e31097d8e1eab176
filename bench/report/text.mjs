// How figures are written, and tables of them for a terminal.

export const megabytes = (bytes) => (bytes === undefined ? '–' : `${(bytes / 1e6).toFixed(1)} MB`);
export const count = (value) =>
  value === undefined ? '–' : Math.round(value).toLocaleString('en-US');
export const fixed = (value, digits) => (value === undefined ? '–' : value.toFixed(digits));
/** Milliseconds with about three digits. */
export const milliseconds = (value) =>
  value === undefined ? '–' : value.toFixed(value < 1 ? 3 : value < 100 ? 1 : 0);

/** Rows of cells under their headings, each column as wide as it needs. */
export function textTable({ headings, rows }) {
  const lines = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => row[column].length)));
  const text = lines.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
  return [text[0], '-'.repeat(Math.max(...text.map((line) => line.length))), ...text.slice(1)].join(
    '\n',
  );
}

/** A report as a terminal shows it: its notes and tables, without the charts. */
export function textReport({ sections }) {
  return sections
    .filter(({ table, note }) => table || note)
    .map(({ title, note, table }) =>
      [title, note, table && textTable(table)].filter(Boolean).join('\n'),
    )
    .join('\n\n');
}
