// Vectors like embeddings, from a seed: clusters in a space of few dimensions, turned into one of many, with a little noise in
// every direction. Points of independent coordinates would all be equally far from each other, and nothing to search for.

import { randomFrom } from './statistics.mjs';

const latent = 24;
const itemsInCluster = 250;
const spread = 0.5; // of a cluster; its centre has a spread of 1
const noise = 0.05;

/** Pairs of numbers of the normal distribution (Box and Muller). */
function normalFrom(random) {
  let spare;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** rows × dimensions; the first rows are the same however many follow, for the same `clusters`. */
export function syntheticVectors({ rows, dimensions, seed, clusters = clustersFor(rows) }) {
  const random = randomFrom(seed);
  const normal = normalFrom(random);
  const axes = Float32Array.from({ length: latent * dimensions }, () => normal() / latent ** 0.5);
  const centres = Float32Array.from({ length: clusters * latent }, normal);
  const all = new Float32Array(rows * dimensions);
  const point = new Float64Array(latent);
  for (let row = 0; row < rows; row++) {
    const centre = Math.floor(random() * clusters) * latent;
    for (let i = 0; i < latent; i++) point[i] = centres[centre + i] + spread * normal();
    const vector = all.subarray(row * dimensions, (row + 1) * dimensions);
    // Evenly distributed noise: a third of the time of the normal distribution.
    for (let d = 0; d < dimensions; d++) vector[d] = noise * 3.46 * (random() - 0.5);
    for (let i = 0; i < latent; i++) {
      const weight = point[i];
      const axis = i * dimensions;
      for (let d = 0; d < dimensions; d++) vector[d] += weight * axes[axis + d];
    }
  }
  return all;
}

export function clustersFor(rows) {
  return Math.max(1, Math.round(rows / itemsInCluster));
}
