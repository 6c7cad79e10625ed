import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

type Columns = Record<string, EntitySchemaColumnOptions>;

const entity = (name: string, columns: Columns, tableName = 'ticket'): EntitySchema =>
  new EntitySchema({ name, tableName, columns: { id: { type: 'int', primary: true }, ...columns } });

const title: Columns = { title: { type: 'varchar' } };
const code: Columns = { ...title, code: { type: 'varchar', nullable: true } };

/** A row of the table in docs/schema-evolution.md. */
interface Evolution {
  readonly what: string;
  readonly before: readonly EntitySchema[];
  readonly rows: readonly string[];
  readonly migration: string;
  readonly after: readonly EntitySchema[];
  readonly options?: readonly (Partial<AggregateOptions> & { entity: string })[];
  /** Statements of the new version, each in another stage. */
  readonly writes: readonly [capture: string, shadow: string, replay: string];
  /** Entities after the last of them, by the name of their first one. */
  readonly expected: readonly object[];
}

const two = [
  `insert into ticket (id, title) values (1, 'a')`,
  `insert into ticket (id, title) values (2, 'b')`,
];
const twoWithCodes = [
  `insert into ticket (id, title, code) values (1, 'a', '12')`,
  `insert into ticket (id, title, code) values (2, 'b', '-7'), (3, 'c', null)`,
];

const evolutions: readonly Evolution[] = [
  {
    what: 'a column is added, nullable, no default',
    before: [entity('Ticket', title)],
    rows: two,
    migration: 'alter table ticket add column note text',
    after: [entity('Ticket', { ...title, note: { type: 'text', nullable: true } })],
    writes: [
      `update ticket set note = 'n' where id = 2`,
      `insert into ticket (id, title, note) values (3, 'c', 'x'), (4, 'd', null)`,
      `update ticket set note = null where id = 2`,
    ],
    expected: [
      { id: 1, title: 'a', note: null },
      { id: 2, title: 'b', note: null },
      { id: 3, title: 'c', note: 'x' },
      { id: 4, title: 'd', note: null },
    ],
  },
  {
    what: 'a column is added with a DEFAULT, and declared with "defaults"',
    before: [entity('Ticket', title)],
    rows: two,
    migration: 'alter table ticket add column priority int not null default 3',
    after: [entity('Ticket', { ...title, priority: { type: 'int', default: 3 } })],
    options: [{ entity: 'Ticket', defaults: { priority: 3 } }],
    writes: [
      `update ticket set priority = 5 where id = 2`,
      `insert into ticket (id, title) values (3, 'c')`,
      `update ticket set title = 'A' where id = 1`,
    ],
    expected: [
      { id: 1, title: 'A', priority: 3 },
      { id: 2, title: 'b', priority: 5 },
      { id: 3, title: 'c', priority: 3 },
    ],
  },
  {
    what: 'a column is renamed, and the property with it',
    before: [entity('Ticket', title)],
    rows: two,
    migration: 'alter table ticket rename column title to subject',
    after: [entity('Ticket', { subject: { type: 'varchar' } })],
    options: [{ entity: 'Ticket', renamed: { title: 'subject' } }],
    writes: [
      `update ticket set subject = 'B' where id = 2`,
      `insert into ticket (id, subject) values (3, 'c')`,
      `update ticket set subject = 'BB' where id = 2`,
    ],
    expected: [
      { id: 1, subject: 'a' },
      { id: 2, subject: 'BB' },
      { id: 3, subject: 'c' },
    ],
  },
  {
    what: 'a column is renamed, the property stays',
    before: [entity('Ticket', title)],
    rows: two,
    migration: 'alter table ticket rename column title to subject',
    after: [entity('Ticket', { title: { type: 'varchar', name: 'subject' } })],
    writes: [
      `update ticket set subject = 'B' where id = 2`,
      `insert into ticket (id, subject) values (3, 'c')`,
      `delete from ticket where id = 1`,
    ],
    expected: [
      { id: 2, title: 'B' },
      { id: 3, title: 'c' },
    ],
  },
  {
    what: 'a column is dropped',
    before: [entity('Ticket', code)],
    rows: twoWithCodes,
    migration: 'alter table ticket drop column code',
    after: [entity('Ticket', title)],
    writes: [
      `update ticket set title = 'B' where id = 2`,
      `insert into ticket (id, title) values (4, 'd')`,
      `update ticket set title = 'C' where id = 3`,
    ],
    expected: [
      { id: 1, title: 'a' },
      { id: 2, title: 'B' },
      { id: 3, title: 'C' },
      { id: 4, title: 'd' },
    ],
  },
  {
    what: 'a type is changed',
    before: [entity('Ticket', code)],
    rows: twoWithCodes,
    migration: 'alter table ticket alter column code type int using code::int',
    after: [entity('Ticket', { ...title, code: { type: 'int', nullable: true } })],
    writes: [
      `update ticket set code = 8 where id = 2`,
      `insert into ticket (id, title, code) values (4, 'd', 9)`,
      `update ticket set title = 'A' where id = 1`,
    ],
    expected: [
      { id: 1, title: 'A', code: 12 },
      { id: 2, title: 'b', code: 8 },
      { id: 3, title: 'c', code: null },
      { id: 4, title: 'd', code: 9 },
    ],
  },
  {
    what: 'an entity is renamed, and its table, with "category" and "storedAs"',
    before: [entity('Ticket', title)],
    rows: two,
    migration: 'alter table ticket rename to issue',
    after: [entity('Issue', title, 'issue')],
    options: [{ entity: 'Issue', category: 'issue', storedAs: 'ticket' }],
    writes: [
      `update issue set title = 'B' where id = 2`,
      `insert into issue (id, title) values (3, 'c')`,
      `delete from issue where id = 1`,
    ],
    expected: [
      { id: 2, title: 'B' },
      { id: 3, title: 'c' },
    ],
  },
  {
    what: 'a table is dropped and made again',
    before: [entity('Ticket', title)],
    rows: two,
    migration: `drop table ticket;
      create table ticket (id int primary key, title varchar not null);
      insert into ticket (id, title) values (2, 'another'), (5, 'new')`,
    after: [entity('Ticket', title)],
    writes: [
      `update ticket set title = 'B' where id = 2`,
      `insert into ticket (id, title) values (1, 'again')`,
      `update ticket set title = 'E' where id = 5`,
    ],
    expected: [
      { id: 1, title: 'again' },
      { id: 2, title: 'B' },
      { id: 5, title: 'E' },
    ],
  },
  {
    what: 'a row moves to another table by insert … select',
    before: [entity('Ticket', title), entity('Closed', title, 'closed')],
    rows: two,
    migration: `insert into closed (id, title) select id, title from ticket where id = 1;
      delete from ticket where id = 1`,
    after: [entity('Ticket', title), entity('Closed', title, 'closed')],
    writes: [
      `insert into closed (id, title) select id, title from ticket where id = 2; delete from ticket where id = 2`,
      `insert into ticket (id, title) values (3, 'c')`,
      `insert into ticket (id, title) select id, title from closed where id = 1; delete from closed where id = 1`,
    ],
    expected: [
      { id: 1, title: 'a' },
      { id: 3, title: 'c' },
    ],
  },
];

describe('the table of migrations in the documentation', () => {
  let test: TestDatabase;
  const open: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    test = await createTestDatabase();
  });

  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    await test.drop();
  });

  async function connect(entities: readonly EntitySchema[], synchronize: boolean): Promise<DataSource> {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: test.url,
      entities: [...entities],
      synchronize,
    }).initialize();
    open.push(async () => (dataSource.isInitialized ? dataSource.destroy() : undefined));
    return dataSource;
  }

  async function adopt(
    dataSource: DataSource,
    options: readonly ({ entity: string } & Partial<AggregateOptions>)[] = [],
  ): Promise<Backstory> {
    const backstory = await createBackstory(dataSource, { aggregates: ['all', ...options] });
    open.push(() => backstory.close());
    await backstory.backfill();
    return backstory;
  }

  /** Verify is clean; reads in this stage are what the rows are, and load is the same. */
  async function expectExact(
    dataSource: DataSource,
    backstory: Backstory,
    rows: ReadonlyMap<string, readonly object[]>,
  ): Promise<void> {
    const { aggregates } = await backstory.verify();
    expect(aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    for (const [name, expected] of rows) {
      expect(await dataSource.manager.find(name, { order: { id: 1 } })).toEqual(expected);
      const loaded: object[] = [];
      for await (const each of backstory.loadAll(name)) loaded.push(each);
      expect(loaded).toHaveLength(expected.length);
      expect(loaded).toEqual(expect.arrayContaining([...expected]));
    }
  }

  /** As they are in the tables, whatever stage there is: a query without entities isn't replayed. */
  async function rowsOf(dataSource: DataSource): Promise<Map<string, readonly object[]>> {
    const found = new Map<string, readonly object[]>();
    for (const { name, columns, tableName } of dataSource.entityMetadatas) {
      const rows: Record<string, unknown>[] = await dataSource.query(
        `select * from ${tableName} order by id`,
      );
      const properties = columns.map(
        ({ propertyName, databaseName }) => [propertyName, databaseName] as const,
      );
      found.set(
        name,
        rows.map((row) =>
          Object.fromEntries(properties.map(([property, column]) => [property, row[column]])),
        ),
      );
    }
    return found;
  }

  it.each(evolutions.map((each) => [each.what, each] as const))('%s', async (_, evolution) => {
    const old = await connect(evolution.before, true);
    const [first, ...others] = evolution.rows;
    await old.query(first as string);
    const oldBackstory = await adopt(old);
    for (const statement of others) await old.query(statement);
    await oldBackstory.close();
    await old.destroy();

    const plain = await connect([], false);
    await plain.query(evolution.migration);
    const dataSource = await connect(evolution.after, false);
    const backstory = await adopt(dataSource, evolution.options);
    await expectExact(dataSource, backstory, await rowsOf(dataSource));
    for (const [index, stage] of (['capture', 'shadow', 'replay'] as const).entries()) {
      for (const { category } of (await backstory.verify()).aggregates)
        await backstory.stages.set(category, stage, { force: true });
      await dataSource.query(evolution.writes[index] as string);
      await expectExact(dataSource, backstory, await rowsOf(dataSource));
      await backstory.shadowSettled();
      const [{ drifted }] = await dataSource.query<[{ drifted: number }]>(
        'select coalesce(sum(drifted + failed), 0)::int as drifted from backstory.shadow_reads',
      );
      expect(drifted).toBe(0);
    }
    const [name] = dataSource.entityMetadatas.map((each) => each.name);
    expect((await rowsOf(dataSource)).get(name as string)).toEqual(evolution.expected);
  });
});
