// Which recall do the default settings give, and do both backends give the same results?
//   node bench/recall.mjs [--data DIR]
// Builds each index with the native backend, then asks every query of both backends over the same files.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalIndex } from 'quiverdb';
import { sift, wordnet } from './data.mjs';

async function build(data, folder) {
  const index = new LocalIndex(folder, {
    dimensions: data.dimensions,
    metric: data.metric,
    durability: 'none',
    backend: 'native',
  });
  await index.createIndex({ version: 1 });
  await index.insertItems(data.items(), { batchSize: 1000 });
  const started = performance.now();
  await index.optimize();
  const seconds = (performance.now() - started) / 1000;
  const report = await index.verify();
  await index.close();
  console.log(
    `${data.name}: graph of ${data.rows} rows in ${seconds.toFixed(1)} s, verify ${report.ok ? 'ok' : 'FAILED'}`,
  );
}

async function ask(data, folder, backend) {
  const index = new LocalIndex(folder, { backend });
  const answers = [];
  let found = 0;
  const started = performance.now();
  for (let i = 0; i < data.queries; i++) {
    const results = await index.query({ vector: data.query(i), topK: 10 });
    answers.push(results.map(({ item, score }) => `${item.id}:${score}`).join());
    const truth = new Set(data.nearest(i, 10));
    found += results.filter(({ item }) => truth.has(Number(item.id))).length;
  }
  const qps = (data.queries / (performance.now() - started)) * 1000;
  const core = (await index.getPerformanceMetrics()).queryLatencyP50;
  await index.close();
  console.log(
    `  ${backend.padEnd(6)} recall@10 ${(found / (data.queries * 10)).toFixed(4)}, ` +
      `${qps.toFixed(0)} queries/s one by one, ${core.toFixed(3)} ms in the core (median)`,
  );
  return answers;
}

for (const data of [sift(), wordnet()]) {
  const folder = mkdtempSync(join(tmpdir(), 'quiver-recall-'));
  try {
    await build(data, folder);
    const native = await ask(data, folder, 'native');
    const wasm = await ask(data, folder, 'wasm');
    const different = native.filter((answer, i) => answer !== wasm[i]).length;
    console.log(
      `  different answers (ids and scores, bit for bit): ${different} of ${data.queries}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
