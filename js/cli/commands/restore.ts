import { LocalIndex } from '../../index.ts';
import type { Command } from '../command.ts';
import { withCopyProgress } from '../copy-progress.ts';
import { told } from './snapshot.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Makes an index what a snapshot is.',
  positionals: [
    { name: 'SNAPSHOT', about: 'the folder of the snapshot, which stays as it is' },
    { name: 'DIR', about: 'the folder of the index, which is made if there is none' },
  ],
  options: { json: { about: 'print one JSON object' } },
  notes: [
    'An index that is there changes all at once: cut short, it is what it was. Its metric and dimensions must be those of the snapshot. Other processes may go on reading it.',
  ],
  run: async (given, terminal) => {
    const [folder, target] = [given.positional(0), given.positional(1)];
    await using index = new LocalIndex(target);
    const isThere = await index.isIndexCreated();
    await using from = new LocalIndex(folder, { readOnly: true });
    const taken = await withCopyProgress(terminal, folder, target, () =>
      isThere ? index.restore(folder) : from.snapshot(target),
    );
    terminal.out.write(given.flag('json') ? `${JSON.stringify(taken)}\n` : `${told(taken)}\n`);
    return 0;
  },
};
