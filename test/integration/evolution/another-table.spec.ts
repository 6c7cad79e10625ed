import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

const badge = new EntitySchema<{ id: number; owner: string }>({
  name: 'Badge',
  columns: { id: { type: 'int', primary: true }, owner: { type: 'text' } },
});
const order = new EntitySchema<{ id: number; lines: object[] }>({
  name: 'Order',
  tableName: 'orders',
  columns: { id: { type: 'int', primary: true } },
  relations: { lines: { type: 'one-to-many', target: 'OrderLine', inverseSide: 'order' } },
});
const line = new EntitySchema<{ id: number; order: object }>({
  name: 'OrderLine',
  tableName: 'order_line',
  columns: { id: { type: 'int', primary: true } },
  relations: { order: { type: 'many-to-one', target: 'Order', inverseSide: 'lines', onDelete: 'CASCADE' } },
});

const swapped = (table: string): string =>
  `create table made (like ${table} including all); alter table ${table} rename to former; alter table made rename to ${table}`;

describe('what a running instance says of an entity that is in another table by now', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [badge, order, line],
      synchronize: true,
    }).initialize();
    await dataSource.query(`insert into badge values (1, 'ann'), (2, 'bob'); insert into orders values (1);
      insert into order_line (id, "orderId") values (1, 1)`);
    backstory = await createBackstory(dataSource, {
      aggregates: ['Badge', { entity: 'Order', owns: ['lines'] }],
      stagePollMs: 10,
    });
    await backstory.backfill();
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  afterEach(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  const faults = async (): Promise<string[]> =>
    (await backstory.doctor())
      .filter(({ severity }) => severity === 'fault')
      .map(({ aggregate, problem, remedy }) => `${aggregate}: ${problem} => ${remedy}`);

  it('is not that the former table is clean, of one that was swapped by renaming', async () => {
    await dataSource.query(`${swapped('badge')}; insert into badge values (1, 'eve')`);
    const problem =
      '"public"."badge" of entity "Badge" is another table than the one that is captured, which is "public"."former" now';
    const remedy = 'npx backstory install captures it and settles its streams';
    expect(await backstory.verify()).toMatchObject({
      clean: false,
      // of the table that is captured
      aggregates: [
        { category: 'order', drifted: 0, recorded: true },
        { category: 'badge', drifted: 0, recorded: false },
      ],
      unseen: [{ category: 'badge', reason: `${problem}. ${remedy}` }],
    });
    expect(await backstory.repair()).toMatchObject([
      { category: 'order' },
      { category: 'badge', unseen: `${problem}. ${remedy}` },
    ]);
    const refused = { code: 'CAPTURE_OUTDATED', message: expect.stringContaining(problem) };
    await expect(backstory.verify({ aggregates: ['badge'] })).rejects.toMatchObject(refused);
    await expect(backstory.repair({ aggregates: ['Badge'] })).rejects.toMatchObject(refused);
    await expect(backstory.backfill({ aggregates: ['badge'] })).rejects.toMatchObject(refused);
    expect(await backstory.backfill()).toMatchObject([
      { category: 'order', completed: true },
      { category: 'badge', completed: false, unseen: `${problem}. ${remedy}` },
    ]);
    expect(await faults()).toEqual([`badge: ${problem} => ${remedy}.`]);

    await backstory.install();
    expect(await backstory.verify()).toMatchObject({ clean: true, unseen: [] });
    expect(await faults()).toEqual([]);
  });

  it('is not that the former table is clean, of one that was moved to another schema and made again', async () => {
    await dataSource.query(
      `create schema kept; alter table badge set schema kept; create table badge (like kept.badge including all)`,
    );
    expect(await backstory.verify()).toMatchObject({
      clean: false,
      unseen: [{ category: 'badge', reason: expect.stringContaining('which is "kept"."badge" now') }],
    });
  });

  it('is not that an aggregate is clean whose table was renamed, as long as the entity looks for it under its former name', async () => {
    await dataSource.query('alter table badge rename to emblem');
    const problem = `"public"."badge" of entity "Badge" isn't there: the table that is captured is called "public"."emblem" now`;
    const remedy = 'Name it so in the entity, or give the table its name back';
    expect(await backstory.verify()).toMatchObject({
      clean: false,
      aggregates: [
        { category: 'order', drifted: 0, recorded: true },
        { category: 'badge', drifted: 0, recorded: false },
      ],
      unseen: [{ category: 'badge', reason: `${problem}. ${remedy}` }],
    });
    await expect(backstory.verify({ aggregates: ['badge'] })).rejects.toThrow(problem);
    expect(await faults()).toEqual([`badge: ${problem} => ${remedy}.`]);
    const restarted = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [badge, order, line],
    }).initialize();
    const started = await createBackstory(restarted, {
      aggregates: ['Badge', { entity: 'Order', owns: ['lines'] }],
      missingTables: 'wait',
    });
    expect(await started.verify()).toMatchObject({
      clean: false,
      unseen: [{ category: 'badge', reason: `${problem}. ${remedy}` }],
    });
    await started.close();
    await restarted.destroy();
    await dataSource.query('alter table emblem rename to badge');
    expect(await backstory.verify()).toMatchObject({ clean: true, unseen: [] });
  });

  it('is not that an aggregate is clean of which a part is in another table', async () => {
    await dataSource.query(swapped('order_line'));
    expect(await backstory.verify()).toMatchObject({
      clean: false,
      aggregates: [{ category: 'badge' }, { category: 'order' }],
      unseen: [{ category: 'order', reason: expect.stringContaining('"public"."order_line"') }],
    });
  });

  it.each([
    ['badge', 'badge', 'order'],
    ['order_line', 'order', 'badge'],
  ])('is that %s is gone, of one that was dropped', async (table, category, other) => {
    await dataSource.query(`drop table ${table}`);
    expect(await backstory.verify()).toMatchObject({
      clean: false,
      aggregates: [{ category: other }],
      unseen: [{ category, reason: expect.stringContaining('gone') }],
    });
    await expect(backstory.verify({ aggregates: [category] })).rejects.toMatchObject({
      code: 'MISSING_TABLE',
      message: expect.stringContaining(`backstory stage ${category} off`),
    });
  });

  it('is as before where a view has its name, through which the captured table is read and written', async () => {
    await dataSource.query(
      `alter table badge rename to badge_table; create view badge as select * from badge_table;
       update badge set owner = 'eve' where id = 1`,
    );
    expect(await backstory.verify()).toMatchObject({ clean: true, unseen: [] });
  });

  it('doesn’t keep a release in replay from reading and saving through that view', async () => {
    await backstory.stages.set('badge', 'replay', { force: true });
    await dataSource.query(
      `alter table badge rename to badge_table; create view badge as select * from badge_table`,
    );
    await sleep(200);
    const badges = dataSource.getRepository<{ id: number; owner: string }>('Badge');
    await badges.save({ id: 1, owner: 'eve' });
    expect(await badges.findOneBy({ id: 1 })).toEqual({ id: 1, owner: 'eve' });
    expect((await backstory.history('badge', '1')).at(-1)).toMatchObject({ data: { owner: 'eve' } });

    await dataSource.query(`drop view badge; alter table badge_table rename to badge`);
    await sleep(200);
    await dataSource.query(`alter table badge disable trigger user; update badge set owner = 'behind';
      alter table badge enable trigger user`);
    expect(await badges.findOneBy({ id: 1 })).toEqual({ id: 1, owner: 'eve' });
  });
});
