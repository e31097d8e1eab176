import { LocalIndex } from '../../index.ts';
import type { Command } from '../command.ts';
import { printable } from '../failure.ts';
import { bytes, count } from '../progress.ts';

export const stats: Command = {
  name: 'stats',
  summary: 'Tells what an index holds.',
  positionals: [{ name: 'DIR', about: 'the folder of the index' }],
  options: { json: { about: 'print one JSON object' } },
  run: async (given, terminal) => {
    await using index = new LocalIndex(given.positional(0), { readOnly: true });
    const made = await index.getIndexStats();
    const { indexSize, headRows, deletedRows, segments, memory, backend, backendReason, simd } =
      await index.getPerformanceMetrics();
    if (given.flag('json')) {
      const all = {
        ...made,
        indexSize,
        headRows,
        deletedRows,
        segments,
        memory,
        backend,
        backendReason,
        simd,
      };
      terminal.out.write(`${JSON.stringify(all, undefined, 2)}\n`);
      return 0;
    }
    const indexed = made.metadata_config.indexed ?? [];
    const rows: readonly (readonly [string, string])[] = [
      ['items', count(made.items)],
      ['dimensions', made.dimensions === 0 ? 'not known yet' : String(made.dimensions)],
      ['metric', made.metric],
      ['graph', `M ${made.M}, efConstruction ${made.efConstruction}`],
      ['version', String(made.version)],
      ...(indexed.length > 0 ? [['indexed fields', indexed.join(', ')] as const] : []),
      ['size on disk', bytes(indexSize)],
      ['rows in the head', count(headRows)],
      ['deleted rows', count(deletedRows)],
      ['segments', String(segments.length)],
      ...segments.map(
        (segment) =>
          [
            `  ${segment.file}`,
            `${count(segment.rows)} rows, ${count(segment.deleted)} deleted, ${bytes(segment.bytes)}, ${segment.graph ? 'graph' : 'no graph'}`,
          ] as const,
      ),
      ['backend', `${backend}, ${simd}`],
    ];
    const width = Math.max(...rows.map(([name]) => name.length)) + 2;
    for (const [name, value] of rows)
      terminal.out.write(`${name.padEnd(width)}${printable(value)}\n`);
    return 0;
  },
};
