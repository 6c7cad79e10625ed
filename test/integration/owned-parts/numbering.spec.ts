import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, majorVersionOfRun, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { hasPreparedTransactions } from '../../library/prepared-transactions.js';
import { Album, albumAggregate, albumEntities, Track } from './entities.js';

describe('events of an aggregate with parts get their positions at commit', () => {
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
    });
    await dataSource.initialize();
    await dataSource.query(`
      insert into album (title) values ('one'), ('two');
      insert into track (title, "albumId") select 't', 1 + n % 2 from generate_series(0, 3) n`);
    backstory = await createBackstory(dataSource, { aggregates: ['all', albumAggregate] });
  });

  afterEach(async () => {
    expect(await dataSource.query('table backstory.pending_events')).toEqual([]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  const write = (manager: EntityManager, id: number, title: string) =>
    manager.update(Track, { id }, { title });

  const stream = async (): Promise<string[]> => {
    const history = await backstory.history('album', '1');
    return history.map(({ streamPosition, data }) => `${streamPosition} ${JSON.stringify(data)}`);
  };

  /** Of two transactions, the one that writes first commits last. */
  const crossed = async (inBetween?: (manager: EntityManager) => Promise<void>): Promise<void> => {
    await dataSource.transaction(async (slow) => {
      await write(slow, 1, 'first');
      await dataSource.transaction((quick) => write(quick, 3, 'second'));
      await inBetween?.(slow);
      await write(slow, 1, 'third');
    });
  };

  it('in the order of the commits, and in the order of the changes within one', async () => {
    await backstory.backfill();
    await crossed();
    expect((await stream()).slice(1)).toEqual([
      '2 {"tracks":{"3":{"title":"second"}}}',
      '3 {"tracks":{"1":{"title":"first"}}}',
      '4 {"tracks":{"1":{"title":"third"}}}',
    ]);
    const [{ ordered }] = await dataSource.query(
      `select array_agg(stream_position::int order by global_position, recorded_at) as ordered
       from backstory.events where category = 'album' and stream_id = '1'`,
    );
    expect(ordered).toEqual([1, 2, 3, 4]);
  });

  it('after one first event, where several meet the aggregate for the first time, and the backfill too', async () => {
    await crossed(async () => void (await backstory.backfill()));
    const types = (await backstory.history('album', '1')).map(({ type }) => type);
    expect(types).toEqual(['AlbumCreated', 'TrackUpdated', 'TrackUpdated', 'TrackUpdated']);
  });

  it('and are in the replayed reads of their transaction before, behind what others have committed', async () => {
    await backstory.backfill();
    await backstory.stages.set('album', 'replay', { force: true });
    const titles = async (manager: EntityManager): Promise<string[]> => {
      const [album] = await manager.find(Album, {
        where: { id: 1 },
        relations: { tracks: true },
        order: { tracks: { id: 1 } },
      });
      const { tracks } = await manager.findOneOrFail(Album, {
        where: { id: 1 },
        relations: { tracks: true },
        order: { tracks: { id: 1 } },
      });
      expect(album?.tracks).toEqual(tracks);
      return tracks.map(({ title }) => title);
    };
    await crossed(async (slow) => {
      expect(await titles(slow)).toEqual(['first', 'second']);
      expect(await titles(dataSource.manager)).toEqual(['t', 'second']);
    });
    expect(await titles(dataSource.manager)).toEqual(['third', 'second']);
  });

  it('with what the transaction took back left out', async () => {
    await backstory.backfill();
    await dataSource.transaction(async (outer) => {
      await outer
        .transaction(async (inner) => {
          await write(inner, 1, 'undone');
          throw new Error('undo');
        })
        .catch(() => undefined);
      await write(outer, 3, 'kept');
    });
    expect((await stream()).slice(1)).toEqual(['2 {"tracks":{"3":{"title":"kept"}}}']);
  });

  it('also those that a trigger of the application writes at commit', async () => {
    await backstory.backfill();
    await dataSource.query(`
      create function count_plays() returns trigger language plpgsql as $$
      begin
        update track set plays = plays + 1 where id = new.id and plays = 0;
        return null;
      end $$;
      create constraint trigger zz_count_plays after update on track
        deferrable initially deferred for each row execute function count_plays()`);
    await dataSource.transaction((manager) => write(manager, 1, 'played'));
    expect((await stream()).slice(1)).toEqual([
      '2 {"tracks":{"1":{"title":"played"}}}',
      '3 {"tracks":{"1":{"plays":"1"}}}',
    ]);
  });

  it('or when the application asks for its deferred constraints', async () => {
    await backstory.backfill();
    await dataSource.transaction(async (manager) => {
      await manager.query('set constraints all immediate');
      await write(manager, 1, 'now');
      expect(await manager.query('select from backstory.pending_events')).toEqual([]);
      await write(manager, 3, 'and now');
    });
    expect((await stream()).slice(1)).toEqual([
      '2 {"tracks":{"1":{"title":"now"}}}',
      '3 {"tracks":{"3":{"title":"and now"}}}',
    ]);
  });

  it('and from when a transaction is prepared, others wait for it', async () => {
    await backstory.backfill();
    if (!(await hasPreparedTransactions(dataSource))) return;
    const runner = dataSource.createQueryRunner();
    await runner.query('begin');
    await write(runner.manager, 1, 'prepared');
    await runner.query(`prepare transaction '${database.name}'`);
    await runner.release();
    const waiting = write(dataSource.manager, 3, 'after');
    const waits = `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`;
    while ((await dataSource.query(waits)).length === 0);
    await dataSource.query(`commit prepared '${database.name}'`);
    await waiting;
    expect((await stream()).slice(1)).toEqual([
      '2 {"tracks":{"1":{"title":"prepared"}}}',
      '3 {"tracks":{"3":{"title":"after"}}}',
    ]);
  });

  // an older server's figures come late, from a process of its own
  const itCounts = majorVersionOfRun() < 15 ? it.skip : it;
  itCounts('looking at few of them for each, however many statements the transaction has', async () => {
    await backstory.backfill();
    /** Entries of the index read in a transaction: counted when its connection has ended. */
    const readBy = async (statements: number): Promise<number> => {
      const read = async (): Promise<number> => {
        const [{ n }] = await dataSource.query(
          `select idx_tup_read::int as n from pg_stat_user_indexes where indexrelname = 'pending_events_pkey'`,
        );
        return n;
      };
      const before = await read();
      const own = await new DataSource({ type: 'postgres', url: database.url }).initialize();
      const [{ pid }] = await own.query('select pg_backend_pid() as pid');
      await own.query(
        `do $$ begin for n in 1..${statements} loop update track set title = n::text where id = 1; end loop; end $$`,
      );
      await own.destroy();
      while ((await dataSource.query('select from pg_stat_activity where pid = $1', [pid])).length > 0);
      return (await read()) - before;
    };
    const [few, many] = [await readBy(20), await readBy(200)];
    expect(few).toBeGreaterThan(0);
    expect(many).toBeLessThan(20 * few);
  });
});
