import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { albumAggregate, albumEntities, Track } from './entities.js';

const writers = 8;
const seed = seedOfRun();
type Isolation = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

describe(`writers of parts that nobody else changes (BACKSTORY_SEED=${seed})`, () => {
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
      extra: { options: '-c deadlock_timeout=20ms' },
    });
    await dataSource.initialize();
  });

  afterEach(async () => {
    await backstory?.close();
    await dataSource?.destroy();
    await database?.drop();
  });

  /** Two tracks of each album for each writer: those of writer 1 are 1 and 2 of each. */
  const prepare = async (albums: number): Promise<void> => {
    await dataSource.query(`insert into album (title) select 'a' from generate_series(1, $1::int)`, [albums]);
    await dataSource.query(
      `insert into track (title, "albumId") select 't', 1 + n % $1::int from generate_series(0, $1::int * $2::int - 1) n`,
      [albums, 2 * writers],
    );
    backstory = await createBackstory(dataSource, { aggregates: ['all', albumAggregate] });
  };

  const expectWhole = async (): Promise<void> => {
    await backstory.backfill();
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    const broken = await dataSource.query(
      `select stream_id from backstory.events where category = 'album' group by 1
       having max(stream_position) <> count(*)
         or array_agg(stream_position order by global_position) <> array_agg(stream_position order by stream_position)`,
    );
    expect(broken).toEqual([]);
    expect(await dataSource.query('table backstory.pending_events')).toEqual([]);
  };

  const writeAll = async (levelOf: (writer: number) => Isolation, albums: number): Promise<string[]> => {
    const random = seededRandom(seed);
    const codes: string[] = [];
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        const own = (): number => (2 * writer + random.integer(0, 1)) * albums + random.integer(1, albums);
        for (let round = 0; round < 20; round++) {
          const written = dataSource.manager.transaction(levelOf(writer), async (inside) => {
            for (let n = random.integer(2, 3); n > 0; n--)
              await inside.query('update track set plays = plays + 1 where id = $1', [own()]);
          });
          await written.catch(({ code, message }: { code?: string; message: string }) =>
            codes.push(code ?? message),
          );
        }
      }),
    );
    return [...new Set(codes)];
  };

  it.each([
    ['READ COMMITTED', 4],
    ['READ COMMITTED', 200],
    ['REPEATABLE READ', 4],
    ['REPEATABLE READ', 200],
  ] as const)('in %s none of them fails on %i aggregates', async (level, albums) => {
    await prepare(albums);
    expect(await writeAll(() => level, albums)).toEqual([]);
    await expectWhole();
  });

  it.each([4, 200])('in SERIALIZABLE they fail to serialize at most, on %i aggregates', async (albums) => {
    await prepare(albums);
    expect(['', '40001']).toContain((await writeAll(() => 'SERIALIZABLE', albums)).join());
    await expectWhole();
  });

  it('READ COMMITTED and REPEATABLE READ side by side: none of them fails', async () => {
    await prepare(4);
    const level = (writer: number) => (writer % 2 === 0 ? 'READ COMMITTED' : 'REPEATABLE READ');
    expect(await writeAll(level, 4)).toEqual([]);
    await expectWhole();
  });

  /** In REPEATABLE READ, behind what others commit once it has its snapshot. */
  const behind = (
    meanwhile: (others: EntityManager) => Promise<unknown>,
    write: (manager: EntityManager) => Promise<unknown>,
  ): Promise<string> =>
    dataSource
      .transaction('REPEATABLE READ', async (late) => {
        await late.query('select from album');
        await meanwhile(dataSource.manager);
        await write(late);
      })
      .then(
        () => 'committed',
        ({ code }: { code: string }) => code,
      );
  const play = (id: number) => (manager: EntityManager) => manager.increment(Track, { id }, 'plays', 1);

  it('REPEATABLE READ finds its turn however far the stream has gone on', async () => {
    await prepare(1);
    for (const events of [1, 2, 3, 7, 8, 33]) {
      const meanwhile = async (others: EntityManager): Promise<void> => {
        for (let n = 0; n < events; n++) await play(1)(others);
      };
      expect(await behind(meanwhile, play(2))).toBe('committed');
    }
    await expectWhole();
  });

  it('REPEATABLE READ fails where what is beneath a part may have changed since', async () => {
    await prepare(2);
    await dataSource.query(`insert into credit (name, place, role, "trackId") values ('c', 1, 'x', 1)`);
    await backstory.backfill();
    const change = (others: EntityManager) => others.query(`update credit set role = role || 'y'`);
    const move = (late: EntityManager) =>
      late.query(`update track set "albumId" = 3 - "albumId" where id = 1`);
    expect(await behind(change, move)).toBe('40001');
    expect(await behind(move, change)).toBe('40001');
    await expectWhole();
  });

  it('REPEATABLE READ fails where the end that it sees was archived', async () => {
    await prepare(1);
    await backstory.backfill();
    const meanwhile = async (others: EntityManager): Promise<void> => {
      for (let n = 0; n < 5; n++) await play(1)(others);
      const [{ moment }] = await others.query('select clock_timestamp() as moment');
      const [report] = await backstory.archive.move({ aggregates: ['album'], before: moment, events: 2 });
      expect(report).toMatchObject({ streams: 1 });
    };
    expect(await behind(meanwhile, play(2))).toBe('40001');
    expect(await behind(() => Promise.resolve(), play(2))).toBe('committed');
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it.each([1, 50])('one statement over all parts of %i aggregates replays to them', async (albums) => {
    await prepare(albums);
    await backstory.backfill();
    await dataSource.query(
      `insert into track (title, "albumId") select 't', 1 + n % $1::int from generate_series(1, 1000) n`,
      [albums],
    );
    await dataSource.transaction(async (inside) => {
      await inside.query(`update track set plays = id, title = case when id % 3 = 0 then 'x' else title end`);
      await inside.query('update track set "albumId" = 1 where id % 7 = 0');
      await inside.query('delete from track where id % 11 = 0');
    });
    await expectWhole();
  });
});
