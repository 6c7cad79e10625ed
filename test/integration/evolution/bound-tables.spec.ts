import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema, type EntitySchemaOptions } from 'typeorm';

interface Parcel {
  id: number;
  note: string;
}

const parcel = (place: Partial<EntitySchemaOptions<Parcel>> = {}): EntitySchema<Parcel> =>
  new EntitySchema<Parcel>({
    name: 'Parcel',
    columns: { id: { type: 'int', primary: true }, note: { type: 'text' } },
    ...place,
  });

const reading = new EntitySchema<{ id: number; day: string; value: number }>({
  name: 'Reading',
  columns: {
    id: { type: 'int', primary: true },
    day: { type: 'date', primary: true },
    value: { type: 'int' },
  },
});

describe('a table that is no longer the entity’s', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await open(parcel(), reading);
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const open = (...entities: EntitySchema<object>[]): Promise<DataSource> =>
    new DataSource({ type: 'postgres', url: database.url, entities }).initialize();

  const count = async (): Promise<number> =>
    Number((await dataSource.query(`select count(*) from backstory.events`))[0].count);

  /** How many events the statements have written. */
  const writtenBy = async (...statements: string[]): Promise<number> => {
    const before = await count();
    for (const statement of statements) await dataSource.query(statement);
    return (await count()) - before;
  };

  async function withReadings(reentrant: boolean): Promise<Backstory> {
    await dataSource.query(
      `create table parcel (id int primary key, note text not null);
       create table reading (id int, day date, value int not null, primary key (id, day)) partition by range (day);
       create table january partition of reading for values from ('2026-01-01') to ('2026-02-01');
       create table february partition of reading for values from ('2026-02-01') to ('2026-03-01') partition by range (id);
       create table february_low partition of february for values from (0) to (1000)`,
    );
    if (reentrant) {
      await dataSource.query(
        `create function own() returns trigger language plpgsql as $$ begin return null; end $$;
         create trigger own after update on reading for each row execute function own()`,
      );
    }
    await dataSource.query(`insert into reading select i, '2026-01-05', i from generate_series(1, 5) i`);
    const backstory = await createBackstory(dataSource, { stagePollMs: 10 });
    await backstory.backfill();
    return backstory;
  }

  describe.each([
    ['statement by statement', false],
    ['row by row', true],
  ])('captured %s', (_, reentrant) => {
    it('writes nothing once it was detached, and is captured again once it was attached', async () => {
      const backstory = await withReadings(reentrant);
      const write = [
        `delete from january where id = 1`,
        `update january set value = 99 where id = 2`,
        `insert into january values (77, '2026-01-07', 7)`,
      ];
      expect(await writtenBy(`insert into january values (6, '2026-01-07', 7), (7, '2026-01-07', 7)`)).toBe(
        2,
      );
      expect(await writtenBy(`insert into february_low values (8, '2026-02-07', 7)`)).toBe(1);
      await dataSource.query(`alter table reading detach partition january`);
      expect(await writtenBy(...write, `truncate january`)).toBe(0);
      await backstory.repair();
      expect(await writtenBy(`insert into january values (1, '2026-01-05', 1)`)).toBe(0);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      expect((await backstory.doctor()).filter(({ severity }) => severity === 'fault')).toEqual([]);

      await dataSource.query(
        `alter table reading attach partition january for values from ('2026-01-01') to ('2026-02-01')`,
      );
      await backstory.install();
      await backstory.backfill();
      await backstory.repair();
      expect(await writtenBy(...write)).toBe(2);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await backstory.stages.set('reading', 'off');
      expect(
        await dataSource.query(`select tgrelid::regclass from pg_trigger where tgname like '00_backstory%'
          and tgrelid <> 'parcel'::regclass`),
      ).toEqual([]);
    });

    it('is seen for what it is by a transaction that began before it was made a partition', async () => {
      const backstory = await withReadings(reentrant);
      const old = dataSource.createQueryRunner();
      await old.startTransaction('REPEATABLE READ');
      await old.query('select 1 from parcel');
      await dataSource.query(
        `create table march partition of reading for values from ('2026-03-01') to ('2026-04-01')`,
      );
      await backstory.install();
      await old.query(`insert into march values (1, '2026-03-01', 1)`);
      await old.query(`insert into reading values (2, '2026-03-01', 1)`);
      await old.commitTransaction();
      await old.release();
      expect(await backstory.verify()).toMatchObject({ clean: true });
    });
  });

  it('is a partition that maintenance has made: a start that makes nothing goes on, and its rows are read as they are', async () => {
    const backstory = await withReadings(false);
    await backstory.verify();
    await backstory.stages.set('reading', 'replay', { force: true });
    await dataSource.query(
      `create table march partition of reading for values from ('2026-03-01') to ('2026-04-01')`,
    );
    const repository = dataSource.getRepository(reading);
    await repository.insert({ id: 1, day: '2026-03-05', value: 1 });
    expect(await writtenBy(`update march set value = 2`)).toBe(0);

    const warnings: string[] = [];
    const other = await open(reading);
    const morning = await createBackstory(other, {
      install: 'check',
      stagePollMs: 10,
      logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    });
    expect(warnings).toEqual([expect.stringContaining('"public"."reading"')]);
    expect(await morning.doctor()).toContainEqual(
      expect.objectContaining({
        severity: 'fault',
        problem: '"public"."march" has no trigger "00_backstory_update"',
      }),
    );
    expect((await other.getRepository(reading).findOneByOrFail({ id: 1, day: '2026-03-05' })).value).toBe(2);
    // its triggers don't make its rows of before known
    await backstory.install();
    await sleep(100);
    expect((await other.getRepository(reading).findOneByOrFail({ id: 1, day: '2026-03-05' })).value).toBe(2);
    expect(await backstory.verify()).toMatchObject({ clean: false });
    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await writtenBy(`update march set value = 3`)).toBe(1);
    await other.destroy();
  });

  describe('because the entity has moved to another', () => {
    const move = `create schema sales; create table sales.parcel (like public.parcel including all);
                  insert into sales.parcel select * from public.parcel; update sales.parcel set note = 'moved' where id = 1`;

    beforeEach(async () => {
      await dataSource.query(
        `create table parcel (id int primary key, note text not null); insert into parcel values (1, 'a'), (2, 'b')`,
      );
      const backstory = await createBackstory(dataSource, { aggregates: ['Parcel'] });
      await backstory.backfill();
      await backstory.close();
      await dataSource.query(move);
    });

    it('is refused while nobody says that it has, for it may be another tenant’s', async () => {
      const other = await open(parcel({ schema: 'sales' }));
      await expect(createBackstory(other)).rejects.toMatchObject({
        code: 'CATEGORY_TAKEN',
        remedy: expect.stringContaining(`movedFrom: 'public.parcel'`) as string,
      });
      await other.destroy();
    });

    it('goes on in the new one, also at later starts, and captures the former no more', async () => {
      const other = await open(parcel({ schema: 'sales' }));
      const options = { aggregates: [{ entity: 'Parcel', movedFrom: 'public.parcel' }] };
      await (await createBackstory(other, options)).close();
      const backstory = await createBackstory(other, options);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      expect((await backstory.history('parcel', '1')).map(({ type }) => type)).toEqual([
        'ParcelCreated',
        'ParcelCorrected',
      ]);
      expect(
        await writtenBy(`update public.parcel set note = 'ghost'`, `delete from public.parcel where id = 2`),
      ).toBe(0);
      expect(await writtenBy(`update sales.parcel set note = 'here'`)).toBe(2);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await other.destroy();
    });
  });

  it('is any table that somebody has hung a trigger on', async () => {
    await dataSource.query(`create table parcel (id int primary key, note text not null)`);
    const backstory = await createBackstory(dataSource, { aggregates: ['Parcel'] });
    expect(
      await writtenBy(
        `create table forged (id int, note text)`,
        `create trigger forged after insert on forged referencing new table as backstory_new_rows
           for each statement execute function backstory.capture_parcel_insert()`,
        `insert into forged values (1, 'never was')`,
      ),
    ).toBe(0);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    // which only the role can do that has made the functions
    const functions: { called: string }[] = await dataSource.query(
      `select oid::regprocedure::text as called from pg_proc where pronamespace = 'backstory'::regnamespace
         and prorettype = 'trigger'::regtype and has_function_privilege('pg_monitor', oid, 'execute')`,
    );
    expect(functions).toEqual([]);
  });

  it('is a column that was made again under its name: verify looks at what is in it now', async () => {
    await dataSource.query(
      `create table parcel (id int primary key, note text not null); insert into parcel values (1, 'a')`,
    );
    const backstory = await createBackstory(dataSource, { aggregates: ['Parcel'] });
    await backstory.backfill();
    await dataSource.query(
      `alter table parcel add column note_new text; update parcel set note_new = '+' || note;
       alter table parcel drop column note; alter table parcel rename note_new to note`,
    );
    expect(await backstory.verify()).toMatchObject({ clean: false });
    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.install();
    expect(await writtenBy(`update parcel set note = 'b'`)).toBe(1);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await dataSource.getRepository('Parcel').find()).toEqual([{ id: 1, note: 'b' }]);
  });
});
