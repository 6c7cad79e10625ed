import { type Backstory, createBackstory, renewCaptureWithMigrations, syncCapture } from '@backstory/adapter';
import { DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';

const Ticket = new EntitySchema({
  name: 'Ticket',
  columns: {
    id: { type: 'int', primary: true },
    title: { type: 'text', nullable: true },
    note: { type: 'text', nullable: true },
  },
});

type Step = (queryRunner: QueryRunner) => Promise<void>;
let made = 0;

function migration(up: Step, down: Step = () => Promise.resolve()): new () => MigrationInterface {
  const name = `Change${1_700_000_000_000 + ++made}`;
  return class {
    readonly name = name;
    up = up;
    down = down;
  };
}

const statements =
  (...all: string[]): Step =>
  async (queryRunner) => {
    for (const statement of all) await queryRunner.query(statement);
  };

describe('a migration of a captured table', () => {
  let library: Library;
  let backstory: Backstory;
  let warnings: string[];

  beforeEach(async () => {
    library = await openLibrary({ entities: [Ticket] });
    warnings = [];
    backstory = await createBackstory(library.dataSource, {
      logger: { log: () => undefined, warn: (message) => warnings.push(String(message)) },
    });
    await library.dataSource.query(`insert into ticket values (1, 'a', 'x'), (2, 'b', 'y')`);
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const use = (...migrations: (new () => MigrationInterface)[]): void => {
    Object.assign(library.dataSource, { migrations: migrations.map((each) => new each()) });
  };
  /** As they are recorded: history() has the names of the instance's entities. */
  const changes = async (id = '1'): Promise<unknown[]> => {
    const events: { data: unknown }[] = await library.dataSource.query(
      `select data from backstory.events where category = 'ticket' and stream_id = $1 order by stream_position`,
      [id],
    );
    return events.map(({ data }) => data);
  };

  /** TypeORM reads the classes when it is initialised, so an application's DataSource has them from the start. */
  async function withOther(
    migrations: (new () => MigrationInterface)[],
    work: (dataSource: DataSource) => Promise<void>,
    { renewing = true, username = undefined as string | undefined } = {},
  ): Promise<void> {
    const url = new URL(library.url);
    if (username !== undefined) Object.assign(url, { username, password: 'migrator' });
    const plain = new DataSource({
      type: 'postgres',
      url: url.href,
      entities: [],
      migrations,
    });
    const dataSource = renewing ? renewCaptureWithMigrations(plain) : plain;
    await dataSource.initialize();
    await work(dataSource).finally(() => dataSource.destroy());
  }

  const swap = statements(
    'alter table ticket rename title to former',
    'alter table ticket rename note to title',
    'alter table ticket rename former to note',
  );

  it.each(['all', 'each', 'none'] as const)(
    'is told apart by columns, not by their names, transaction: %s; and so is its way back',
    async (transaction) => {
      const fill = statements(`update ticket set title = 'new' where id = 1`);
      await withOther([migration(swap, swap), migration(fill)], async (dataSource) => {
        await dataSource.runMigrations({ transaction });
        expect(await changes()).toEqual([{ id: 1, title: 'a', note: 'x' }, { note: 'new' }]);
        await dataSource.undoLastMigration({ transaction });
        await dataSource.undoLastMigration({ transaction });
        await library.dataSource.query(`update ticket set title = 'back' where id = 1`);
        expect((await changes()).at(-1)).toEqual({ title: 'back' });
        expect(await backstory.verify()).toMatchObject({ clean: true });
      });
    },
  );

  it('that fails takes the renewal along', async () => {
    const failing = migration(async (queryRunner) => {
      await swap(queryRunner);
      await syncCapture(queryRunner);
      await queryRunner.query(`update ticket set title = 'never' where id = 1`);
      throw new Error('no');
    });
    await withOther([failing], async (dataSource) => {
      await expect(dataSource.runMigrations()).rejects.toThrow('no');
    });
    await library.dataSource.query(`update ticket set title = 'still' where id = 1`);
    expect((await changes()).at(-1)).toEqual({ title: 'still' });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.doctor()).toEqual([]);
  });

  it.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)(
    'renews in a transaction that is %s, also behind a savepoint that is given up',
    async (isolation) => {
      const queryRunner = library.dataSource.createQueryRunner();
      await queryRunner.startTransaction(isolation);
      await queryRunner.query('savepoint before');
      await swap(queryRunner);
      await syncCapture(queryRunner);
      await queryRunner.query(`update ticket set title = 'given up'`);
      await queryRunner.query('rollback to savepoint before');
      await queryRunner.query('alter table ticket rename title to headline');
      await syncCapture(queryRunner);
      await queryRunner.query(`update ticket set headline = 'kept' where id = 1`);
      await queryRunner.commitTransaction();
      await queryRunner.release();
      expect(await changes()).toEqual([{ id: 1, title: 'a', note: 'x' }, { title: 'kept' }]);
      expect(await backstory.verify()).toMatchObject({ clean: true });
    },
  );

  it('goes on without the right to renew, and says what to run', async () => {
    await library.dataSource.query(
      `do $$ begin create role backstory_migrator login password 'migrator'; exception when duplicate_object then null; end $$`,
    );
    await library.dataSource.query(
      `alter table ticket owner to backstory_migrator; grant all on schema public to backstory_migrator;
       grant usage on schema backstory to backstory_migrator; grant select on all tables in schema backstory to backstory_migrator`,
    );
    const said = jest.spyOn(process, 'emitWarning').mockImplementation();
    const add = migration(
      statements('alter table ticket rename note to remark', `update ticket set remark = 'r'`),
    );
    await withOther([add], async (dataSource) => void (await dataSource.runMigrations()), {
      username: 'backstory_migrator',
    });
    expect(said.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/could not be renewed.*npx backstory install/),
    ]);
    expect((await changes()).at(-1)).toEqual({ note: 'r' });
    await library.dataSource.query(
      `reassign owned by backstory_migrator to current_user; drop owned by backstory_migrator; drop role backstory_migrator`,
    );
  });

  it('that takes the key ends capture, and says so', async () => {
    const drop = statements('alter table ticket drop column id');
    await library.dataSource.transaction(async ({ queryRunner }) => {
      await drop(queryRunner as QueryRunner);
      await syncCapture(queryRunner as QueryRunner);
      await queryRunner?.query(`insert into ticket (title) values ('without a key')`);
    });
    await library.dataSource.query(`update ticket set title = 'z'`);
    expect(await backstory.stages.get('ticket')).toBe('off');
    expect((await backstory.stages.history('ticket')).at(-1)).toMatchObject({
      to: 'off',
      reason: expect.stringContaining('has lost a column of its key'),
    });
    expect(await backstory.history('ticket', '1')).toHaveLength(1);
  });

  it('that takes the key in psql fails with what to run, and an open instance mends that', async () => {
    await library.dataSource.query('alter table ticket drop column id');
    const write = (): Promise<unknown> => library.dataSource.query(`insert into ticket (title) values ('c')`);
    await expect(write()).rejects.toThrow(/npx backstory install/);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await write();
    expect(await backstory.stages.get('ticket')).toBe('off');
  });

  it('that gives a column another type behind the triggers fails with what to run, and an open instance mends that', async () => {
    await library.dataSource.query('alter table ticket add column address inet');
    const WithAddress = new EntitySchema({
      name: 'Ticket',
      columns: {
        id: { type: 'int', primary: true },
        title: { type: 'text' },
        note: { type: 'text' },
        address: { type: 'inet' },
      },
    });
    const dataSource = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities: [WithAddress],
    }).initialize();
    const next = await createBackstory(dataSource);
    await dataSource.query(`update ticket set address = '10.0.0.1' where id = 1`);
    await dataSource.query('alter table ticket alter column address type text');
    const write = (): Promise<unknown> => dataSource.query(`update ticket set address = 'here' where id = 1`);
    await expect(write()).rejects.toThrow(
      /^A table has changed since Backstory's triggers were made: run "npx backstory install"/,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await write();
    expect((await next.history('ticket', '1')).at(-1)?.data).toEqual({ address: 'here' });
    await next.close();
    await dataSource.destroy();
  });

  it('by synchronize() is renewed in its transaction', async () => {
    use();
    await library.dataSource.query('alter table ticket drop column note');
    await library.dataSource.synchronize();
    expect(await backstory.doctor()).toEqual([]);
    await library.dataSource.query(`update ticket set title = 't' where id = 2`);
    expect((await changes('2')).at(-1)).toEqual({ title: 't' });
    expect(warnings).toEqual([]);
  });
});
