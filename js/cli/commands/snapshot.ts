import { LocalIndex, type SnapshotResult } from '../../index.ts';
import type { Command } from '../command.ts';
import { withCopyProgress } from '../copy-progress.ts';
import { bytes } from '../progress.ts';

export const snapshot: Command = {
  name: 'snapshot',
  summary: 'Writes an index as it is now to another folder, as an index of its own.',
  positionals: [
    { name: 'DIR', about: 'the folder of the index' },
    { name: 'TARGET', about: 'the folder of the snapshot, which is made' },
  ],
  options: {
    base: { value: 'DIR', about: 'an earlier snapshot: what it holds is shared, not copied again' },
    json: { about: 'print one JSON object' },
  },
  run: async (given, terminal) => {
    const [folder, target, base] = [given.positional(0), given.positional(1), given.text('base')];
    await using index = new LocalIndex(folder, { readOnly: true });
    const taken = await withCopyProgress(terminal, folder, target, () =>
      index.snapshot(target, base === undefined ? {} : { base }),
    );
    terminal.out.write(given.flag('json') ? `${JSON.stringify(taken)}\n` : `${told(taken)}\n`);
    return 0;
  },
};

/** What was copied, in words. */
export function told({ files, linkedFiles, bytesCopied }: SnapshotResult): string {
  return `${files} files, ${linkedFiles} of them shared, ${bytes(bytesCopied)} copied`;
}
