import { type AggregateOptions, type Backstory, diff, onEvent } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';
import { Item, Parcel, parcelAggregate } from './entities.js';

const reason = 'parcels of before';
const future = new Date(Date.now() + 3_600_000);
const modes: [string, Partial<AggregateOptions>][] = [
  ['in SQL', {}],
  ['in Node.js', { upcasters: { '*': { 1: (data) => data } }, schemaVersion: 2 }],
];

/** Parcels 1 to 3 with two items each and five events at least, of which 1 and 2 are purged. */
describe.each(modes)('events of purged parcels, folded %s, and the archive', (_, more) => {
  let history: History;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeEach(async () => {
    history = await openHistory(
      { entities: [Parcel, Item] },
      { aggregates: [{ ...parcelAggregate, ...more }] },
    );
    ({ backstory, dataSource } = history);
    await dataSource.query(`insert into parcel (id, title) select n, 'p' from generate_series(1, 3) n;
      insert into item (id, name, "parcelId") select n, 'i', 1 + n % 3 from generate_series(1, 6) n`);
    for (const title of ['q', 'r']) await dataSource.query('update parcel set title = $1', [title]);
    await dataSource.query('delete from item where id = 6');
    await backstory.erase(Parcel, '2', { properties: ['title'], by: 'ops', reason: 'asked for' });
    await dataSource.query('select pg_sleep(0.003)'); // the end is younger than the last event
    await purge(1, 2);
  });

  afterEach(() => history.close());

  const purge = (...ids: number[]) =>
    backstory.runInContext({ actor: 'ops' }, () =>
      backstory.untracked(Parcel, { reason }, (manager) =>
        manager.query('delete from parcel where id = any ($1)', [ids]),
      ),
    );
  const move = (before = future) => backstory.archive.move({ aggregates: ['parcel'], before });
  const logged = (id: string): Promise<object[]> =>
    dataSource.query(
      `select stream_position::int as position, change, data, metadata from backstory.events
       where category = 'parcel' and stream_id = $1 order by stream_position`,
      [id],
    );
  const clean = async (): Promise<void> => {
    const report = await backstory.verify();
    expect(report.aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    expect(report.clean).toBe(true);
  };
  /** Whatever may be asked of the past of a parcel. */
  const past = async (id: string): Promise<unknown> => {
    const told = await backstory.history(Parcel, id);
    return {
      told,
      diff: diff(told),
      now: await backstory.state(Parcel, id),
      versions: await Promise.all(
        told.map(({ streamPosition }) => backstory.load(Parcel, id, { version: streamPosition })),
      ),
      moments: await Promise.all(
        told.map(({ recordedAt }) => backstory.load(Parcel, id, { asOf: recordedAt })),
      ),
      page: await backstory.admin.stream('parcel', id),
    };
  };

  it('go as those of deleted ones, the state of the end stays, and the past is as before', async () => {
    const before = { 1: await past('1'), 2: await past('2') };
    const events = (await logged('1')).length;
    const report = {
      category: 'parcel',
      streams: 2,
      events: events + (await logged('2')).length,
      left: { drifted: 0, undelivered: 0, locked: 0 },
      dryRun: false,
    };
    expect(await backstory.archive.move({ aggregates: ['parcel'], before: future, dryRun: true })).toEqual([
      { ...report, dryRun: true },
    ]);
    expect(await move()).toEqual([report]);
    const [standIn, ...others] = await logged('1');
    expect(others).toEqual([]);
    expect(standIn).toMatchObject({
      position: events,
      change: 'c',
      data: { id: 1, title: 'r', items: { 3: { id: 3, name: 'i' } } },
      metadata: { origin: 'archive' },
    });
    expect(await logged('2')).toMatchObject([{ data: { title: null }, metadata: { erased: ['title'] } }]);
    expect({ 1: await past('1'), 2: await past('2') }).toEqual(before);
    await clean();
    expect(await move()).toMatchObject([{ streams: 0, events: 0 }]);
    await backstory.archive.restore({ aggregates: ['parcel'] });
    expect(await logged('1')).toHaveLength(events);
    expect({ 1: await past('1'), 2: await past('2') }).toEqual(before);
    await clean();
  });

  it('stay until "before" is behind their end', async () => {
    const told = await backstory.history(Parcel, '1');
    const [last, end] = [told.at(-2)?.recordedAt, told.at(-1)?.recordedAt] as [Date, Date];
    expect(end > last).toBe(true);
    expect(await move(new Date(end.getTime()))).toMatchObject([{ streams: 0 }]);
    expect(await move(new Date(end.getTime() + 1))).toMatchObject([{ streams: 2 }]);
  });

  it('stay while a consumer has parked one', async () => {
    const { consumers } = backstory;
    consumers.define({
      name: 'reader',
      from: 'beginning',
      attempts: 1,
      handlers: [
        onEvent('ParcelUpdated', ({ streamId }) => {
          if (streamId === '2') throw new Error('not today');
        }),
      ],
    });
    await consumers.start();
    await consumers.wait('reader');
    expect(await move()).toMatchObject([{ streams: 1, left: { undelivered: 1 } }]);
  });

  it('go on behind their end when the parcel begins anew, and are purged and archived again', async () => {
    const before = await backstory.history(Parcel, '1');
    await move();
    await dataSource.query(`insert into parcel (id, title) values (1, 'again')`);
    await dataSource.query(`insert into item (id, name, "parcelId") values (30, 'new', 1)`);
    await clean();
    const told = await backstory.history(Parcel, '1');
    expect(told.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(told[before.length - 1]).toMatchObject({
      type: 'ParcelDeleted',
      change: 'deleted',
      metadata: { reason },
    });
    expect((await backstory.load(Parcel, '1'))?.items).toMatchObject([{ id: 30 }]);
    await purge(1);
    await clean();
    const twice = await past('1');
    expect(await move()).toMatchObject([{ streams: 1 }]);
    expect(await past('1')).toEqual(twice);
    await clean();
    await backstory.archive.restore({ aggregates: ['parcel'] });
    expect(await past('1')).toEqual(twice);
    await clean();
  });

  it('may be dropped from the archive: then their last state is known, and that they have ended', async () => {
    const { length } = await backstory.history(Parcel, '1');
    await move();
    await dataSource.query('delete from backstory.archived_events');
    await clean();
    expect(await backstory.load(Parcel, '1')).toBeNull();
    expect(await backstory.load(Parcel, '1', { version: length - 1 })).toMatchObject({ title: 'r' });
    expect((await backstory.history(Parcel, '1')).map(({ change }) => change)).toEqual([
      'created',
      'deleted',
    ]);
    await dataSource.query(`insert into parcel (id, title) values (1, 'again')`);
    await clean();
    expect((await backstory.load(Parcel, '1'))?.items).toEqual([]);
  });
});
