import { type Backstory, createBackstory } from '@backstory/adapter';
import type { QueryRunner } from 'typeorm';
import type { Library } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { expectWholeHistory, openFilledLibrary } from './live-library.js';

const seed = seedOfRun();

describe(`a backfill beside transactions with one snapshot, seed ${seed}`, () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openFilledLibrary(1_000);
    backstory = await createBackstory(library.dataSource);
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const during = async (
    level: 'REPEATABLE READ' | 'SERIALIZABLE',
    work: (runner: QueryRunner) => Promise<unknown>,
  ): Promise<void> => {
    const runner = library.dataSource.createQueryRunner();
    try {
      await runner.startTransaction(level);
      await work(runner);
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
    }
  };

  it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
    '%s: a row that got its first event after the snapshot is a failure to serialize, and goes through when tried again',
    async (level) => {
      for (const write of [
        `update author set name = 'new' where id = 5`,
        `delete from work where title = 'w5'`,
      ]) {
        await expect(
          during(level, async (runner) => {
            await runner.query('select count(*) from author');
            await backstory.backfill();
            await runner.query(write);
          }),
        ).rejects.toMatchObject({ code: '40001' });
        await during(level, (runner) => runner.query(write));
        // without a backfill in between there is none
        await during(level, async (runner) => {
          await runner.query('select count(*) from author');
          await runner.query(`update author set name = 'newer' where id = 6`);
        });
        await library.dataSource.query(
          `alter table backstory.events disable trigger user; delete from backstory.events;
           alter table backstory.events enable trigger user`,
        );
      }
      await backstory.backfill();
      await expectWholeHistory(library.dataSource, backstory);
    },
  );

  it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
    '%s: eight writers hear of nothing but 40001 and deadlocks of their own',
    async (level) => {
      const codes = new Map<string, number>();
      let on = true;
      const writers = Promise.all(
        Array.from({ length: 8 }, async (_, writer) => {
          const random = seededRandom(seed + writer);
          while (on) {
            const [a, b] = [random.integer(1, 1_000), random.integer(1, 1_000)];
            await during(level, async (runner) => {
              await runner.query(`update author set followers = followers + 1 where id = $1`, [a]);
              await runner.query(`update shelf set dusted = now() where number = $1`, [b]);
              await runner.query(`delete from work where title = $1`, [`w${a}`]);
            }).catch((error: Error & { code?: string }) => {
              // A pool that has ended says so at once and for ever.
              if (!error.code) throw error;
              codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
            });
          }
        }),
      );
      try {
        for (let round = 0; round < 3; round++) await backstory.backfill({ chunkSize: 40 });
      } finally {
        on = false;
      }
      await writers;
      expect([...codes.keys()].filter((code) => code !== '40001' && code !== '40P01')).toEqual([]);
      await expectWholeHistory(library.dataSource, backstory);
    },
  );
});
