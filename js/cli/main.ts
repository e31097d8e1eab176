#!/usr/bin/env node
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

// Whoever reads our output may have read enough (quiver stats … | head).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2), processTerminal());
