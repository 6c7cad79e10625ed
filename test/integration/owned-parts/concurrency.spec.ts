import { createBackstory, type Backstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { Album, albumAggregate, albumEntities, Track } from './entities.js';

const writers = 16;

/** One album with a track for each writer. */
const prepare = `
  insert into album (title) values ('shared'), ('other');
  insert into genre (code, label) select 'g' || n, 'g' from generate_series(0, ${writers - 1}) n;
  insert into track (title, "albumId") select 't', 1 from generate_series(1, ${writers + 1}) n;
  insert into track (title, "albumId") select 't', 2 from generate_series(1, ${writers}) n`;

type Write = (manager: EntityManager, writer: number, round: number) => Promise<unknown>;

/** None of them waits in a circle in the application alone, so none may do so with Backstory. */
const writes: Record<string, Write> = {
  'single statements': async (manager, writer, round) => {
    await manager.update(Track, { id: writer + 1 }, { plays: String(round) });
    await manager.insert(Track, { title: 'new', album: { id: 1 } });
    await manager.increment(Album, { id: 1 }, 'id', 0);
    await manager.query(`insert into album_genres values (1, $1) on conflict do nothing`, [`g${writer}`]);
    await manager.query(`delete from album_genres where "genreCode" = $1`, [`g${writer}`]);
  },
  'statements over all parts': (manager, _writer, round) =>
    manager.query(
      `update track set plays = plays + $1 where id in (select id from track where "albumId" = 1 order by id for update)`,
      [round],
    ),
  'transactions that lock the root first': (manager, writer, round) =>
    manager.transaction(async (inside) => {
      await inside.findOneOrFail(Album, { where: { id: 1 }, lock: { mode: 'pessimistic_write' } });
      await inside.update(Track, { id: ((writer + round) % writers) + 1 }, { title: `t${round}` });
      await inside.update(Track, { id: ((writer + round + 5) % writers) + 1 }, { title: `t${round}` });
      await inside.update(Album, { id: 1 }, { title: `a${round}` });
    }),
  'transactions that change one part, or another before it': (manager, writer, round) =>
    manager.transaction(async (inside) => {
      if (writer % 2 === 0) await inside.update(Track, { id: writer + 1 }, { title: `mine ${round}` });
      await inside.update(Track, { id: writers + 1 }, { title: `w${writer}, ${round}` });
    }),
  'transactions that change a part of each of two aggregates': (manager, writer, round) =>
    manager.transaction(async (inside) => {
      const tracks = [writer + 1, writers + 2 + writer];
      for (const id of writer % 2 === 0 ? tracks : tracks.reverse())
        await inside.update(Track, { id }, { title: `w${writer}, ${round}` });
    }),
  'transactions that change a part, and those that change the root and then it': (manager, writer, round) =>
    manager.transaction(async (inside) => {
      const track = { id: (writer % 4) + 1 };
      if (writer % 2 === 0) await inside.update(Album, { id: 1 }, { title: `w${writer}, ${round}` });
      await inside.update(Track, track, { title: `w${writer}, ${round}` });
      await inside.query(`select pg_sleep(0.002)`);
    }),
  'transactions that add parts': (manager, writer, round) =>
    manager.transaction(async (inside) => {
      const { id } = await inside.save(Track, { title: `w${writer}`, album: { id: 1 } });
      await inside.query(`insert into credit (name, place, role, "trackId") values ($1, $2, 'x', $3)`, [
        `w${writer}`,
        round,
        id,
      ]);
      if (round % 3 === 0) throw new Error('undo');
    }),
};

const seed = seedOfRun();

describe(`${writers} connections write to one aggregate (BACKSTORY_SEED=${seed})`, () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: albumEntities,
      synchronize: true,
      poolSize: writers + 2,
      // a second of waiting for each deadlock would be most of the test
      extra: { options: '-c deadlock_timeout=20ms' },
    });
    await dataSource.initialize();
    await dataSource.query(prepare);
    backstory = await createBackstory(dataSource, { aggregates: ['all', albumAggregate] });
  });

  afterEach(async () => {
    await backstory?.close();
    await dataSource?.destroy();
    await database?.drop();
  });

  const expectWhole = async (): Promise<void> => {
    await backstory.backfill();
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    const broken = await dataSource.query(
      `select stream_id from backstory.events where category = 'album' group by 1
       having max(stream_position) <> count(*)
         or array_agg(stream_position order by global_position) <> array_agg(stream_position order by stream_position)`,
    );
    expect(broken).toEqual([]);
  };

  it.each(Object.entries(writes))('%s: dense positions, no error', async (_name, write) => {
    const failed: unknown[] = [];
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let round = 0; round < 12; round++) {
          await write(dataSource.manager, writer, round).catch((error: Error) => {
            if (error.message !== 'undo') failed.push(error);
          });
        }
      }),
    );
    expect(failed).toEqual([]);
    await expectWhole();
  });

  it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
    'in %s a writer with an older snapshot fails to serialize, and nothing else',
    async (isolation) => {
      const codes = new Map<string, number>();
      let done = 0;
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let round = 0; round < 8; round++) {
            try {
              await dataSource.manager.transaction(isolation, async (inside) => {
                await inside.query(`select count(*) from album`);
                if (writer % 2 === 0) await inside.insert(Track, { title: `r${round}`, album: { id: 1 } });
                else await inside.update(Track, { id: writer + 1 }, { plays: String(round + 1) });
              });
              done++;
            } catch (error) {
              const { code, message } = error as { code?: string; message: string };
              codes.set(code ?? message, (codes.get(code ?? message) ?? 0) + 1);
            }
          }
        }),
      );
      expect([...codes.keys()]).toEqual(['40001']);
      expect(done).toBeGreaterThan(0);
      await expectWhole();
    },
  );

  it('levels of isolation side by side: what fails may be retried, and nobody else hears of it', async () => {
    const codes = new Map<string, Set<string>>();
    const levels = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const;
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        const level = levels[writer % 3] as (typeof levels)[number];
        for (let round = 0; round < 12; round++) {
          const written = dataSource.manager.transaction(level, async (inside) => {
            await inside.update(Track, { id: writer + 1 }, { plays: String(round + 1) });
            if (writer % 2 === 0) await inside.insert(Track, { title: `w${writer}`, album: { id: 1 } });
          });
          await written.catch(({ code }: { code: string }) =>
            codes.set(level, (codes.get(level) ?? new Set()).add(code)),
          );
        }
      }),
    );
    for (const [level, seen] of codes)
      expect([level, ...seen]).toEqual([expect.not.stringMatching('COMMITTED'), '40001']);
    await expectWhole();
  });

  it.each([
    ['guarded by foreign keys', ''],
    [
      'that nothing guards',
      `alter table track drop constraint "FK_track"; alter table credit drop constraint "FK_credit"`,
    ],
  ])(
    'parts %s are taken elsewhere, go and come while what is beneath them changes',
    async (_name, unguard) => {
      await backstory.close();
      await nameForeignKeys(dataSource);
      await dataSource.query(unguard);
      await dataSource.query(
        `insert into credit (name, place, role, "trackId") select 'c' || n, n, 'x', 1 + n % 4 from generate_series(0, 7) n`,
      );
      backstory = await createBackstory(dataSource, { aggregates: ['all', albumAggregate] });
      const random = seededRandom(seed);
      const track = (): number => random.integer(1, 4);
      const statements = [
        () => `update track set "albumId" = 3 - "albumId" where id = ${track()}`,
        () => `update track set "albumId" = 3 - "albumId" where id <= 4`,
        () => `update credit set role = role || 'y' where place = ${random.integer(0, 7)}`,
        () => `update credit set "trackId" = ${track()} where place = ${random.integer(0, 7)}`,
        () =>
          `insert into credit (name, place, role, "trackId") values ('n', ${random.integer(0, 99)}, 'z', ${track()}) on conflict do nothing`,
        () => `delete from credit where name = 'n' and place < ${random.integer(0, 50)}`,
        () => `with gone as (delete from track where id = ${track()} returning *) select from gone`,
        () =>
          `insert into track (id, title, "albumId") values (${track()}, 'again', ${random.integer(1, 2)}) on conflict do nothing`,
      ];
      const codes = new Set<string>();
      await Promise.all(
        Array.from({ length: writers }, async () => {
          for (let round = 0; round < 25; round++) {
            const written = dataSource.manager.transaction(async (inside) => {
              for (let n = random.integer(1, 3); n > 0; n--)
                await inside.query((random.pick(statements) as () => string)());
            });
            await written.catch(({ code }: { code: string }) => codes.add(code));
          }
        }),
      );
      // they lock rows in any order, and refer to tracks that are gone
      expect([...codes].filter((code) => !['40P01', '23503'].includes(code))).toEqual([]);
      await expectWhole();
    },
  );
});

async function nameForeignKeys(dataSource: DataSource): Promise<void> {
  for (const table of ['track', 'credit']) {
    const [{ name }] = await dataSource.query(
      `select conname as name from pg_constraint where conrelid = $1::regclass and contype = 'f'`,
      [table],
    );
    await dataSource.query(`alter table ${table} rename constraint "${name}" to "FK_${table}"`);
  }
}
