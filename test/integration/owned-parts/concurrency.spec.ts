import { createBackstory, type Backstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { Album, albumAggregate, albumEntities, Track } from './entities.js';

const writers = 16;

/** One album with a track for each writer. */
const prepare = `
  insert into album (title) values ('shared'), ('other');
  insert into genre (code, label) select 'g' || n, 'g' from generate_series(0, ${writers - 1}) n;
  insert into track (title, "albumId") select 't', 1 from generate_series(1, ${writers}) n`;

type Write = (manager: EntityManager, writer: number, round: number) => Promise<unknown>;

/** Each locks the root first, or touches one part only: so the application alone has no deadlock either. */
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

describe(`${writers} connections write to one aggregate`, () => {
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
});
