// From values to places on a chart, and where lines help the eye.

/** Recall near 1 is where libraries differ, so the distance to 1 is what is spread evenly. */
const nearOne = 0.0004;
const spreadRecall = (recall) => -Math.log10(1 - Math.min(1, recall) + nearOne);

const recallTicks = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1];

function scale(place, [low, high], [from, to], ticks) {
  const start = place(low);
  const width = place(high) - start || 1;
  return {
    at: (value) => from + ((place(value) - start) / width) * (to - from),
    ticks: ticks.filter((tick) => tick >= low && tick <= high),
  };
}

export function recallScale(values, range) {
  const smallest = Math.min(...values, 0.9);
  const low = recallTicks.findLast((tick) => tick <= smallest) ?? 0;
  return scale(spreadRecall, [low, 1], range, recallTicks);
}

/** Powers of ten; within few of them also their doubles and fivefolds. */
export function logScale(values, range) {
  const positive = values.filter((value) => value > 0);
  const low = Math.min(...positive) / 1.15;
  const high = Math.max(...positive) * 1.15;
  const decades = Math.log10(high / low);
  const steps = decades > 4 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    ticks.push(...steps.map((step) => step * 10 ** power));
  return scale(Math.log10, [low, high], range, ticks);
}

/** 1200 → 1.2k. */
export function short(value) {
  const [divisor, letter] =
    value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, ''];
  return `${Number((value / divisor).toPrecision(3))}${letter}`;
}

/** Moves labels apart that would lie on each other: the nearest places, in order, at least `gap` from the next. */
export function spreadLabels(places, gap, low, high) {
  const order = places.map((place, i) => ({ place, i })).sort((a, b) => a.place - b.place);
  let least = low;
  for (const label of order) {
    label.place = Math.max(label.place, least);
    least = label.place + gap;
  }
  let most = high;
  for (const label of order.reverse()) {
    label.place = Math.min(label.place, most);
    most = label.place - gap;
  }
  const moved = [];
  for (const { place, i } of order) moved[i] = place;
  return moved;
}
