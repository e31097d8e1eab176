import type { IndexStats, PerformanceMetrics } from 'quiverdb';
import { byId, element } from './dom.ts';
import { bytes, count, milliseconds } from './format.ts';

const places: Readonly<Record<PerformanceMetrics['storage'], string>> = {
  disk: 'files',
  opfs: 'private files',
  indexeddb: 'IndexedDB',
  memory: 'memory only',
};

/** What the index tells of itself. */
export function showMetrics(stats: IndexStats, metrics: PerformanceMetrics, mapTime: number): void {
  const built = stats.segments.find(({ graph }) => graph);
  const codes = built?.codes;
  const rows: readonly (readonly [string, string])[] = [
    ['Items', `${count(stats.items)} × ${stats.dimensions} dimensions`],
    ['Metric, M', `${stats.metric}, ${stats.M}`],
    [
      'Codes',
      codes
        ? `${codes.kind}${codes.automatic ? ' (auto)' : ''}${codes.bytesPerVector > 0 ? `, ${codes.bytesPerVector} B a vector` : ''}`
        : 'no graph yet',
    ],
    ['Segments, head', `${stats.segments.length}, ${counted(metrics.headRows)}`],
    ['In memory', bytes(metrics.memory.head + metrics.memory.resident + metrics.memory.blocks)],
    ['Kept in', `${places[metrics.storage]}, ${bytes(metrics.indexSize)}`],
    ['Engine', `${metrics.backend}, ${metrics.simd}`],
    ['In the core, p50', metrics.queries === 0 ? '–' : milliseconds(metrics.queryLatencyP50)],
    ['Map drawn in', milliseconds(mapTime)],
  ];
  byId('metrics', HTMLElement).replaceChildren(
    ...rows.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value)),
    ),
  );
  const badge = byId('engine', HTMLElement);
  badge.textContent = `${count(stats.items)} senses · ${metrics.simd === 'wasm128' ? 'WebAssembly, SIMD' : metrics.simd}`;
  badge.hidden = false;
}

const counted = (rows: number): string => `${count(rows)} ${rows === 1 ? 'row' : 'rows'}`;
