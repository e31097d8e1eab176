// Charts as SVG text. Colours are classes of the page (html.mjs), so that they follow its theme: a colour for each library, a
// pattern of dashes for each of its variants.

import { logScale, recallScale, short, spreadLabels } from './scales.mjs';

export const escapeText = (text) =>
  String(text).replace(
    /[&<>"']/g,
    (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[letter],
  );

const colours = 9;
const dashes = ['', '7 4', '2 4', '10 3 2 3'];

/** Names of one family (their first word) share a colour; Quiver has one that no other gets. */
function styles(names) {
  const families = [...new Set(names.map((name) => name.split(' ')[0]))];
  const others = families.filter((family) => family !== 'quiver');
  const seen = {};
  return new Map(
    names.map((name) => {
      const family = name.split(' ')[0];
      const variant = seen[family] ?? 0;
      seen[family] = variant + 1;
      const colour = family === 'quiver' ? 0 : 1 + (others.indexOf(family) % colours);
      return [name, { colour, dash: dashes[variant % dashes.length] }];
    }),
  );
}

const frame = { width: 900, height: 470, left: 70, right: 720, top: 16, bottom: 410 };

function axes({ xScale, yScale, xLabel, yLabel, xText }) {
  const { left, right, top, bottom } = frame;
  const parts = [];
  for (const tick of yScale.ticks) {
    const y = yScale.at(tick).toFixed(1);
    parts.push(`<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>`);
    parts.push(
      `<text class="tick" x="${left - 8}" y="${y}" dy=".32em" text-anchor="end">${short(tick)}</text>`,
    );
  }
  for (const tick of xScale.ticks) {
    const x = xScale.at(tick).toFixed(1);
    parts.push(`<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>`);
    parts.push(
      `<text class="tick" x="${x}" y="${bottom + 20}" text-anchor="middle">${xText(tick)}</text>`,
    );
  }
  parts.push(
    `<text class="axis" x="${(left + right) / 2}" y="${bottom + 46}" text-anchor="middle">${escapeText(xLabel)}</text>`,
  );
  parts.push(
    `<text class="axis" transform="translate(18 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(yLabel)}</text>`,
  );
  return parts.join('');
}

/** Lines through points {x, y, label}, each with its name at its right end. */
function lineChart({ series, xLabel, yLabel }, xScale, xText) {
  const drawn = series.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return '';
  const { left, right, top, bottom, width, height } = frame;
  const all = drawn.flatMap(({ points }) => points);
  const x = xScale(
    all.map((point) => point.x),
    [left + 12, right - 12],
  );
  const y = logScale(
    all.map((point) => point.y),
    [bottom - 10, top + 10],
  );
  const style = styles(drawn.map(({ name }) => name));
  const ends = drawn.map(({ points }) => points.reduce((a, b) => (b.x >= a.x ? b : a)));
  const labels = spreadLabels(
    ends.map((end) => y.at(end.y)),
    17,
    top + 6,
    bottom,
  );
  const lines = drawn.map(({ name, points }, i) => {
    const { colour, dash } = style.get(name);
    const sorted = [...points].sort((a, b) => a.x - b.x || b.y - a.y);
    const places = sorted.map((point) => `${x.at(point.x).toFixed(1)},${y.at(point.y).toFixed(1)}`);
    const dots = sorted.map((point, n) => {
      const [cx, cy] = places[n].split(',');
      return `<circle cx="${cx}" cy="${cy}" r="4"><title>${escapeText(`${name} · ${point.label}`)}</title></circle>`;
    });
    const end = `${x.at(ends[i].x).toFixed(1)},${y.at(ends[i].y).toFixed(1)}`;
    return (
      `<g class="series c${colour}"><polyline points="${places.join(' ')}"${dash && ` stroke-dasharray="${dash}"`}/>` +
      `${dots.join('')}<polyline class="leader" points="${end} ${right + 14},${labels[i].toFixed(1)}"/>` +
      `<text x="${right + 18}" y="${labels[i].toFixed(1)}" dy=".32em">${escapeText(name)}</text></g>`
    );
  });
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(`${yLabel} by ${xLabel}`)}">` +
    `${axes({ xScale: x, yScale: y, xLabel, yLabel, xText })}${lines.join('')}</svg>`
  );
}

/** Bars from 0; a bar without a value is only named. */
function barChart({ bars, label }) {
  const known = bars.filter(({ value }) => value !== undefined && Number.isFinite(value));
  if (known.length === 0) return '';
  const row = 30;
  const left = 170;
  const longest = 560;
  const most = Math.max(...known.map(({ value }) => value)) || 1;
  const style = styles(bars.map(({ name }) => name));
  const rows = bars.map(({ name, value, text }, i) => {
    const y = i * row + row / 2;
    const width = value === undefined ? 0 : Math.max(1, (value / most) * longest);
    return (
      `<g class="series c${style.get(name).colour}"><text class="name" x="${left - 12}" y="${y}" dy=".32em" text-anchor="end">${escapeText(name)}</text>` +
      `<rect x="${left}" y="${y - 9}" width="${width.toFixed(1)}" height="18" rx="4"/>` +
      `<text x="${(left + width + 10).toFixed(1)}" y="${y}" dy=".32em">${escapeText(text)}</text></g>`
    );
  });
  return `<svg viewBox="0 0 900 ${bars.length * row}" role="img" aria-label="${escapeText(label)}">${rows.join('')}</svg>`;
}

const kinds = {
  /** x: recall. */
  curve: (chart) => lineChart(chart, recallScale, (tick) => String(tick)),
  /** x: anything above 0, by its logarithm. */
  lines: (chart) => lineChart(chart, logScale, short),
  bars: barChart,
};

export const drawChart = (chart) => kinds[chart.kind](chart);
