import { decode, encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, EngineSession } from '../../js/engine/engine.ts';
import { packBatch } from '../../js/wire/batch.ts';
import { packConfig } from '../../js/wire/config.ts';
import { op, packGet, packWords } from '../../js/wire/requests.ts';
import { readCounts, readWord } from '../../js/wire/results.ts';
import type { Subject } from './subject.ts';

const config = packConfig(
  { dimensions: 3, metric: 'cosine', M: 16, quantization: 'auto', efConstruction: 200 },
  { version: 7, metadata_config: {} },
);
const options = encode({ durability: 'sync' });

/** What docs/engine-messages.md asks of every binding. */
export function engineSuite(subject: Subject, load: () => Promise<Engine>): void {
  const { backend, newFolder } = subject;
  describe(`engine ${subject.name}`, () => {
    let engine: Engine;
    let folder: string;
    let remove: () => Promise<void>;
    let session: EngineSession;

    beforeEach(async () => {
      engine = await load();
      ({ folder, remove } = await newFolder());
      await engine.create(folder, config);
      session = await engine.open(folder, options);
    });

    afterEach(async () => {
      await session.close();
      await remove();
    });

    const insert = async (id: string): Promise<Uint8Array> => {
      const batch = { prefix: [op.write], kind: 'insert', dimensions: 0, firstItem: 0 } as const;
      return (await packBatch([{ id, vector: [1, 2, 3] }], batch)).request;
    };

    test('says what it is', () => {
      expect(engine.backend).toBe(backend);
      expect(engine.simd).toMatch(/^\w+/);
      expect(engine.threads).toBeGreaterThan(0);
    });

    test('creates once, exists, destroys once', async () => {
      expect(await engine.exists(folder)).toBe(true);
      await session.close();
      await expect(engine.create(folder, config)).rejects.toMatchObject({ code: 'INDEX_EXISTS' });
      await engine.destroy(folder);
      expect(await engine.exists(folder)).toBe(false);
      await expect(engine.destroy(folder)).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
      await expect(engine.open(folder, options)).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
    });

    test('gives back the user bytes and every statistic', async () => {
      const stats = decode(await session.read(packWords(op.stats))) as Record<string, unknown>;
      expect(stats).toMatchObject({
        items: 0,
        dimensions: 3,
        metric: 'cosine',
        M: 16,
        efConstruction: 200,
      });
      expect(decode(stats['user'] as Uint8Array)).toEqual({ version: 7, metadata_config: {} });
      const names = [
        'bytesOnDisk',
        'headRows',
        'deletedRows',
        'durability',
        'segments',
        'maintenance',
        'memory',
        'queries',
        'inserts',
        'commits',
        'seals',
        'merges',
        'lockWaits',
        'lockRefusals',
        'written',
        'windows',
        'queues',
        'cpuMs',
        'disk',
        'uptimeMs',
      ];
      for (const each of names) expect(stats).toHaveProperty(each);
    });

    test('responses start at the start of their buffer', async () => {
      await session.write(await insert('a'));
      const response = await session.read(packWords(op.stats));
      expect(response.byteOffset % 8).toBe(0);
    });

    test('carries out writes in the order of the calls', async () => {
      const requests = await Promise.all(
        Array.from({ length: 50 }, (_, i) => insert(`id${i % 25}`)),
      );
      const answers = await Promise.allSettled(requests.map((request) => session.write(request)));
      expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(
        requests.map((_, i) => i < 25),
      );
      expect((answers[30] as PromiseRejectedResult).reason).toMatchObject({
        code: 'ITEM_EXISTS',
        item: 0,
      });
    });

    test('a refused batch leaves the transaction usable', async () => {
      const number = readWord(await session.write(packWords(op.begin)), 0);
      const stage = async (id: string): Promise<Uint8Array> => {
        const batch = {
          prefix: [op.stage, number],
          kind: 'insert',
          dimensions: 0,
          firstItem: 0,
        } as const;
        return session.write((await packBatch([{ id, vector: [1, 2, 3] }], batch)).request);
      };
      await stage('a');
      await expect(stage('a')).rejects.toMatchObject({ code: 'ITEM_EXISTS' });
      await stage('b');
      expect(readCounts(await session.write(packWords(op.commit, number)))).toEqual({
        inserted: 2,
        updated: 0,
        deleted: 0,
      });
      await expect(session.write(packWords(op.commit, number))).rejects.toMatchObject({
        code: 'NO_UPDATE_IN_PROGRESS',
      });
    });

    test.runIf(subject.sync)(
      'answers on this thread where the request stood, or with bytes of its own',
      async () => {
        await session.write(await insert('a'));
        const request = packGet(['a'], true);
        const expected = await session.read(request);
        for (const size of [request.length, expected.length, expected.length + 100]) {
          const room = new Uint8Array(size);
          room.set(request);
          const answer = session.readSync(room, request.length);
          if (engine.backend === 'native')
            expect(typeof answer).toBe(size < expected.length ? 'object' : 'number');
          expect(typeof answer === 'number' ? room.slice(0, answer) : answer).toEqual(expected);
        }
      },
    );

    test('refuses what is no request, and lives on', async () => {
      const good = await insert('a');
      const wrong = [
        new Uint8Array(0),
        new Uint8Array([1]),
        packWords(99),
        packWords(op.query),
        packWords(op.get, 0, 0xffffffff),
        packWords(op.write, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0),
      ];
      for (let end = 0; end < good.length; end += 3) wrong.push(good.slice(0, end));
      for (const request of wrong) {
        await expect(session.write(request)).rejects.toHaveProperty('code');
        await expect(session.read(request)).rejects.toHaveProperty('code');
        expect(() => session.readSync(request, request.length)).toThrow();
      }
      expect(readCounts(await session.write(good)).inserted).toBe(1);
    });

    test('is CLOSED after close, which may come twice', async () => {
      const early = session.write(await insert('a'));
      await session.close();
      await session.close();
      expect(readCounts(await early).inserted).toBe(1);
      await expect(session.read(packWords(op.stats))).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(session.write(packWords(op.begin))).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });
}
