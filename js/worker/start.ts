/** Starts the worker that the package brings along; written out like this, bundlers find its file and take it along. */
export function startWorker(): Worker {
  return new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module', name: 'quiverdb' });
}
