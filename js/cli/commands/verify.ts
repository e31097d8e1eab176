import { LocalIndex } from '../../index.ts';
import type { Command } from '../command.ts';
import { printable } from '../failure.ts';
import { count } from '../progress.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'Reads every file of an index and checks it; lists what is wrong and exits with 1.',
  positionals: [{ name: 'DIR', about: 'the folder of the index' }],
  options: {},
  run: async (given, terminal) => {
    await using index = new LocalIndex(given.positional(0), { readOnly: true });
    const { ok, items, problems } = await index.verify();
    if (ok) {
      terminal.out.write(`ok: ${count(items)} items\n`);
      return 0;
    }
    for (const problem of problems) terminal.out.write(`${printable(problem)}\n`);
    return 1;
  },
};
