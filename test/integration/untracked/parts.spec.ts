import { type AggregateOptions, type Backstory, onEvent, type RecordedEvent } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';
import { Item, Parcel, parcelAggregate } from './entities.js';

const reason = 'parcels of before';
const modes: [string, Partial<AggregateOptions>][] = [
  ['in SQL', {}],
  ['in Node.js', { upcasters: { '*': { 1: (data) => data } }, schemaVersion: 2 }],
];

describe.each(modes)('parcels that are deleted with their items without an event, compared %s', (_, more) => {
  let history: History;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeEach(async () => {
    history = await openHistory(
      { entities: [Parcel, Item] },
      { aggregates: [{ ...parcelAggregate, ...more }] },
    );
    ({ backstory, dataSource } = history);
    await dataSource.query(`insert into parcel (id, title) select n, 'p' from generate_series(1, 6) n;
      insert into item (id, name, "parcelId") select n, 'i', 1 + n % 6 from generate_series(1, 24) n`);
  });

  afterEach(() => history.close());

  const clean = async (): Promise<void> => {
    const report = await backstory.verify();
    expect(report.aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    expect(report.clean).toBe(true);
    expect(await dataSource.query('select * from backstory.pending_events')).toEqual([]);
    const rows = await dataSource.manager.find(Parcel, {
      relations: { items: true },
      order: { id: 1, items: { id: 1 } },
    });
    const loaded: Parcel[] = [];
    for await (const each of backstory.loadAll(Parcel)) {
      each.items.sort((a, b) => a.id - b.id);
      loaded.push(each);
    }
    expect(
      loaded.map(({ id, title, items }) => ({ id, title, items: items.map((item) => item.id) })),
    ).toEqual(rows.map(({ id, title, items }) => ({ id, title, items: items.map((item) => item.id) })));
  };
  const events = async (): Promise<number> =>
    Number((await dataSource.query(`select count(*) from backstory.events`))[0].count);
  const purge = async (...statements: string[]) =>
    (
      await backstory.untracked(Parcel, { reason }, async (manager) => {
        for (const sql of statements) await manager.query(sql);
      })
    ).aggregates[0];

  it.each([
    ['by cascade', ['delete from parcel where id < 4'], 3],
    ['items first', ['delete from item where "parcelId" < 4', 'delete from parcel where id < 4'], 3],
    ['all of them', ['truncate parcel cascade'], 6],
    ['one by one', ['delete from parcel where id = 1', 'delete from parcel where id = 2'], 2],
  ])('leave one event: %s', async (_how, statements, deleted) => {
    const before = await events();
    expect(await purge(...statements)).toMatchObject({ deleted, parts: expect.any(Number) });
    expect(await events()).toBe(before + 1);
    await clean();
  });

  it('keep the events of items whose parcel stays, whatever order they are deleted in', async () => {
    const before = await events();
    await purge('delete from item where id < 20', 'delete from parcel where id = 1');
    expect(await events()).toBeGreaterThan(before + 5);
    await clean();
  });

  it('begin anew with none of the items of before, and with those that they have now', async () => {
    await purge('delete from parcel where id < 4');
    await dataSource.query(`insert into parcel (id, title) values (1, 'again'), (2, 'again')`);
    await clean();
    await dataSource.query(`insert into item (id, name, "parcelId") values (6, 'again', 1)`);
    await clean();
    await purge('delete from parcel where id = 1');
    await dataSource.transaction(async (manager) => {
      await manager.query(`insert into parcel (id, title) values (1, 'third')`);
      await manager.query(`insert into item (id, name, "parcelId") values (12, 'third', 1)`);
    });
    await clean();
    expect(
      (await backstory.history(Parcel, '1')).map(({ change }) => change).filter((c) => c === 'deleted'),
    ).toHaveLength(2);
  });

  it('were never captured before, and are nothing to tell of', async () => {
    await dataSource.query(`begin; set local session_replication_role = replica;
      insert into parcel (id, title) values (7, 'x'), (8, 'x'); insert into item (id, name, "parcelId") values (70, 'x', 7); commit`);
    await purge('delete from item where id = 70', 'delete from parcel where id >= 7');
    await clean();
    expect(await backstory.history(Parcel, '7')).toEqual([]);
  });

  it('tell a projection what to remove, also one that is built later', async () => {
    const seen: RecordedEvent[] = [];
    const build = async (name: string): Promise<string[]> => {
      const living = new Set<string>();
      backstory.consumers.define({
        name,
        from: 'beginning',
        handlers: [
          onEvent('ParcelCreated', ({ streamId }) => void living.add(streamId)),
          onEvent('ParcelUntracked', async (event) => {
            seen.push(event);
            for await (const ids of backstory.untrackedStreams(event)) ids.forEach((id) => living.delete(id));
          }),
        ],
      });
      await backstory.consumers.start();
      await backstory.consumers.wait(name);
      await backstory.consumers.stop();
      return [...living].sort();
    };
    await purge('delete from parcel where id < 3');
    expect(await build('first')).toEqual(['3', '4', '5', '6']);
    await dataSource.query(`insert into parcel (id, title) values (1, 'again')`);
    expect(await build('second')).toEqual(['1', '3', '4', '5', '6']);
    expect(seen[0]).toMatchObject({ type: 'ParcelUntracked', data: { deleted: 2 }, change: 'none' });
    await expect(backstory.untrackedStreams(seen[0]!).next()).resolves.toMatchObject({ value: ['1', '2'] });
    const [first] = await backstory.history(Parcel, '3');
    await expect(backstory.untrackedStreams(first!).next()).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });
});
