// Says how far things are.

const started = performance.now();
let lastLine = 0;

/** On stderr: over the line before on a terminal, else every ten seconds at most. */
export function progress(text) {
  const now = performance.now();
  const line = `[${((now - started) / 1000).toFixed(0)} s] ${text}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${line}`);
  } else if (lastLine === 0 || now - lastLine > 10_000) {
    lastLine = now;
    process.stderr.write(`${line}\n`);
  }
}

/** Takes the line away, before something else is printed. */
export function endProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
