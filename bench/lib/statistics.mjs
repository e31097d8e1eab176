// What is calculated from measurements. No process, no file.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** The value that a share `q` of the values lies below. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/** The share of the `nearest` rows (all of them, or as many as there are) that were found. */
export function recall(found, nearest) {
  if (nearest.length === 0) return found.length === 0 ? 1 : 0;
  const wanted = new Set(nearest);
  let hits = 0;
  for (const row of new Set(found)) if (wanted.has(row)) hits++;
  return hits / wanted.size;
}

/** The points that no other beats in both, by rising recall: then queries a second fall. */
export function bestPoints(points) {
  const best = [];
  for (const point of [...points].sort((a, b) => b.recall - a.recall || b.qps - a.qps))
    if (best.length === 0 || point.qps > best.at(-1).qps) best.push(point);
  return best.reverse();
}

/**
 * Queries a second at a recall, from points of measured {recall, qps}: between the two neighbours on the curve by the
 * logarithm of qps. The fastest point where all have more than that recall; undefined where none reaches it.
 */
export function qpsAtRecall(points, target) {
  const curve = bestPoints(points);
  const above = curve.findIndex(({ recall }) => recall >= target);
  if (above === -1) return undefined;
  const high = curve[above];
  const low = curve[above - 1];
  if (low === undefined || high.recall === target) return high.qps;
  const share = (target - low.recall) / (high.recall - low.recall);
  return Math.exp(Math.log(low.qps) * (1 - share) + Math.log(high.qps) * share);
}

/** The vector with length 1; one of zeros as it is. */
export function unit(vector) {
  let sum = 0;
  for (const x of vector) sum += x * x;
  const length = Math.sqrt(sum) || 1;
  return vector.map((x) => x / length);
}

/** mulberry32: the same numbers, 0 to 1, in every run. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
