import { type Backstory, createBackstory, runInContext } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { Author, entities, Novel, Shelf, Work } from '../../library/entities.js';
import { type PgBouncer, pgBouncerProgram, startPgBouncer } from './start-pgbouncer.js';

if (!pgBouncerProgram)
  process.stderr.write(
    'Skipped: the tests behind PgBouncer, because there is no program "pgbouncer" here.\n',
  );
const describeBehindPgBouncer = pgBouncerProgram ? describe : describe.skip;

describeBehindPgBouncer('behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pgBouncer: PgBouncer;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    pgBouncer = await startPgBouncer(database.url);
    dataSource = new DataSource({
      type: 'postgres',
      url: pgBouncer.url,
      entities,
      synchronize: true,
      poolSize: 8,
    });
    await dataSource.initialize();
    for (let number = 0; number < 50; number++)
      await dataSource.manager.insert(Shelf, { room: 'before', number });
    backstory = await createBackstory(dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await pgBouncer.stop();
    await database.drop();
  });

  const actorsOf = async (category: string, streamId: string): Promise<unknown[]> =>
    (await backstory.history(category, streamId)).map(({ metadata }) => metadata.actor);

  it('really shares two server connections among eight clients', async () => {
    const runners = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const runner = dataSource.createQueryRunner();
        await runner.connect();
        return runner;
      }),
    );
    const pids = await Promise.all(
      runners.map(
        async (runner) => (await runner.query('select pg_backend_pid() as pid, pg_sleep(0.02)'))[0].pid,
      ),
    );
    await Promise.all(runners.map((runner) => runner.release()));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
  });

  it('gives each event the context of its writer, eight at a time', async () => {
    const write = async (writer: number, number: number): Promise<void> => {
      const room = `room ${writer}`;
      if (number % 2) await dataSource.manager.insert(Shelf, { room, number });
      else
        await dataSource.transaction(async (manager) => {
          await manager.insert(Shelf, { room, number });
          await manager.update(Shelf, { room, number }, { dusted: new Date() });
        });
    };
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let number = 0; number < 10; number++) {
          // one writer in four has none: nothing of its predecessor on the server connection may stay
          if (writer % 4 === 0) await write(writer, number);
          else await runInContext({ actor: `user ${writer}.${number}` }, () => write(writer, number));
        }
      }),
    );
    for (let writer = 0; writer < 8; writer++)
      for (let number = 0; number < 10; number++) {
        const actor = writer % 4 === 0 ? undefined : `user ${writer}.${number}`;
        expect(await actorsOf('shelf', `room ${writer}:${number}`)).toEqual(
          number % 2 ? [actor] : [actor, actor],
        );
      }
  });

  it('captures cascades, and nothing of what is rolled back', async () => {
    const context = { actor: `*/ drop table "author"; --`, correlationId: 'c-1' };
    const id = await runInContext(context, async () => {
      const author = await dataSource.manager.save(
        dataSource.manager.create(Author, { name: 'a', home: {} }),
      );
      await dataSource.manager.save(dataSource.manager.create(Novel, { title: 't', author }));
      const failing = dataSource.transaction(async (manager) => {
        await manager.update(Author, { id: author.id }, { name: 'never' });
        throw new Error('undo');
      });
      await expect(failing).rejects.toThrow('undo');
      await dataSource.manager.delete(Author, { id: author.id });
      return author.id;
    });
    expect(await dataSource.manager.count(Work)).toBe(0);
    expect((await backstory.history('author', `${id}`)).map(({ type }) => type)).toEqual([
      'AuthorCreated',
      'AuthorDeleted',
    ]);
    const [event] = await dataSource.query(
      `select metadata from backstory.events where category = 'work' and change = 'd'`,
    );
    expect(event.metadata).toEqual(context);
  });

  it('installs, backfills while others write, verifies, and replays', async () => {
    const writing = runInContext({ actor: 'anna' }, async () => {
      for (let number = 0; number < 50; number += 5)
        await dataSource.manager.update(Shelf, { room: 'before', number }, { dusted: new Date(number) });
    });
    await backstory.backfill();
    await writing;
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect((await backstory.history('shelf', 'before:1')).map(({ metadata }) => metadata.origin)).toEqual([
      'backfill',
    ]);
    expect((await actorsOf('shelf', 'before:5')).at(-1)).toBe('anna');

    await backstory.stages.set('shelf', 'shadow');
    await dataSource.manager.find(Shelf);
    await backstory.stages.set('shelf', 'replay', { reason: 'test', force: true });
    const [shelf] = await dataSource.manager.findBy(Shelf, { room: 'before', number: 5 });
    expect(shelf).toMatchObject({ dusted: new Date(5) });
  });
});
