import { type Backstory, createBackstory, onEvent } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

const Badge = new EntitySchema<{ id: number; owner: string }>({
  name: 'Badge',
  columns: { id: { type: 'int', primary: true }, owner: { type: 'text' } },
});

const make = 'create table badge (id int primary key, owner text not null)';

describe('a table that is made again, with keys that are used again', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let running: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await open();
    await dataSource.query(make);
    running = await createBackstory(dataSource, { stagePollMs: 10 });
    await dataSource.query(`insert into badge values (1, 'first life'), (2, 'gone'), (3, 'same')`);
    await running.backfill();
    await running.verify();
    await running.stages.set('badge', 'replay', { force: true });
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  function open(): Promise<DataSource> {
    return new DataSource({ type: 'postgres', url: database.url, entities: [Badge] }).initialize();
  }

  const badges = (from: DataSource): Promise<{ id: number; owner: string }[]> =>
    from.manager.find(Badge, { order: { id: 'ASC' } });

  it.each([
    ['dropped and created', `drop table badge; ${make}`],
    [
      'swapped by renaming',
      `create table badge_new (like badge including all); alter table badge rename to badge_old; alter table badge_new rename to badge`,
    ],
  ])(
    '%s: nothing of the former life is read, and its streams are settled at the next start',
    async (_, how) => {
      const rows = [
        { id: 1, owner: 'second life' },
        { id: 3, owner: 'same' },
        { id: 4, owner: 'new' },
      ];
      await dataSource.query(how);
      await dataSource.query(`insert into badge values (1, 'second life'), (3, 'same'), (4, 'new')`);
      expect(await badges(dataSource)).toEqual(rows);

      // another instance starts; the one that runs never does again
      const other = await open();
      const next = await createBackstory(other, { stagePollMs: 10 });
      const told: string[] = [];
      next.consumers.define({
        name: 'told',
        from: 'beginning',
        handlers: [
          onEvent({ categories: 'all' }, ({ streamId, type }) => void told.push(`${streamId} ${type}`)),
        ],
      });
      expect(await badges(other)).toEqual(rows);
      expect(await next.verify()).toMatchObject({ clean: true });
      expect((await next.history('badge', '1')).at(-1)).toMatchObject({
        type: 'BadgeCorrected',
        metadata: { origin: 'repair', reason: 'the table was made again' },
      });
      expect((await next.history('badge', '2')).at(-1)).toMatchObject({ type: 'BadgeDeleted' });
      expect(await next.history('badge', '3')).toHaveLength(1);
      await dataSource.manager.update(Badge, { id: 1 }, { owner: 'captured again' });
      expect((await next.load('Badge', '1'))?.['owner']).toBe('captured again');
      expect((await badges(dataSource))[0]?.owner).toBe('captured again');
      await next.consumers.start();
      await next.consumers.wait('told');
      expect(told).toEqual(expect.arrayContaining(['1 BadgeCorrected', '2 BadgeDeleted', '1 BadgeUpdated']));
      await other.destroy();
    },
  );
});
