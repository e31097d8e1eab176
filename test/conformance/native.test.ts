import { encode } from '@msgpack/msgpack';
import { expect, test } from 'vitest';
import { selectEngine } from '../../js/engine/select.ts';
import { packConfig } from '../../js/wire/config.ts';
import { op, packWords } from '../../js/wire/requests.ts';
import { newFolder, nodeSubject } from './node.ts';
import { sharedSuites } from './shared-suites.ts';

sharedSuites(nodeSubject('native'), async () => (await selectEngine('native')).engine);

test('methods of a session refuse any other object', async () => {
  const { engine } = await selectEngine('native');
  const { folder, remove } = await newFolder();
  await engine.create(
    folder,
    packConfig(
      { dimensions: 3, metric: 'l2', M: 16, quantization: 'auto', efConstruction: 100 },
      { version: 1, metadata_config: {} },
    ),
  );
  const session = await engine.open(folder, encode({ durability: 'none' }));
  const Session = session.constructor as new () => typeof session;
  const request = packWords(op.stats);
  for (const other of [
    {},
    null,
    1,
    new Session(),
    Object.create(session),
    new Proxy(session, {}),
  ]) {
    for (const method of [session.read, session.readNow, session.readSync, session.write])
      expect(() => Reflect.apply(method as () => unknown, other, [request])).toThrow();
    expect(() => Reflect.apply(session.close, other, [])).toThrow();
  }
  for (const wrong of [undefined, 'text', new Uint16Array(8), [1, 2]])
    expect(() => session.readNow?.(wrong as never)).toThrow('room must be a Uint8Array');
  await session.close();
  await remove();
});
