import {
  createBackstory,
  type NewEvent,
  onEvent,
  onEventBatch,
  type RecordedEvent,
  tableDigests,
} from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { runCommand } from '../../library/run-command.js';
import {
  Basket,
  type Depot,
  depotEntities,
  depotOptions,
  Item,
  linesOf,
  NoteTaken,
  openDepot,
  Parcel,
  ReminderSent,
} from './parcels.js';

describe('events of the application’s own are known, outside of replay, to', () => {
  let depot: Depot;

  beforeEach(async () => {
    depot = await openDepot();
    await depot.backstory.backfill();
  });

  afterEach(async () => {
    expect(await depot.backstory.verify()).toMatchObject({ clean: true });
    await depot.close();
  });

  const append = (
    target: string | typeof Parcel | typeof Basket,
    id: number | string,
    ...events: NewEvent[]
  ) => depot.dataSource.transaction((manager) => depot.backstory.append(manager, target, id, events));

  const note = { status: 'forged', email: 'forged', note: 'forged', items: { 1: null }, id: 0 };
  const misleading = { type: 'NoteTaken', data: note };

  it('consumers, projections and batches, by class, type and category', async () => {
    const { backstory } = depot;
    const { consumers } = backstory;
    const seen: string[] = [];
    const reminders: ReminderSent[] = [];
    consumers.define({
      name: 'mailer',
      handlers: [
        onEvent(ReminderSent, (event) => void reminders.push(event)),
        onEvent(
          { category: 'newsletter' },
          (event) => void seen.push(`${event.streamId}@${event.streamPosition}`),
        ),
      ],
    });
    consumers.project({
      name: 'notes',
      tables: ['notes'],
      create: (manager, tables) => manager.query(`create table ${tables['notes']} (id text, change text)`),
      handlers: onEventBatch(['NoteTaken'], async (events: readonly RecordedEvent[], { manager, tables }) => {
        for (const { streamId, change } of events)
          await manager.query(`insert into ${tables['notes']} values ($1, $2)`, [streamId, change]);
      }),
    });
    await consumers.start();
    await append('newsletter', 'week-1', new NoteTaken('a'), new NoteTaken('b'));
    await append(Basket, 1, new ReminderSent({ channel: 'mail' }));
    await append(Parcel, 1, new ReminderSent({ channel: 'sms' }), new NoteTaken('c'));
    await consumers.wait('mailer');
    await consumers.wait('notes');
    expect(seen).toEqual(['week-1@1', 'week-1@2']);
    expect(reminders).toEqual([{ channel: 'mail' }, { channel: 'sms' }]);
    expect(reminders[0]).toBeInstanceOf(ReminderSent);
    expect(await depot.dataSource.query('select id, change from notes order by 1')).toEqual([
      { id: '1', change: 'none' },
      { id: 'week-1', change: 'none' },
      { id: 'week-1', change: 'none' },
    ]);
  });

  it('erasure: all of them, or single properties, whatever their names', async () => {
    const { dataSource, backstory } = depot;
    await append(Basket, 1, {
      type: 'Called',
      data: { id: 'x', items: ['private'], nested: { a: { b: 'private' } } },
    });
    await append(Parcel, 1, { type: 'Called', data: { phone: '123', email: 'forged' } });
    expect(await backstory.erase(Parcel, '1', { properties: ['phone'] })).toMatchObject({
      events: 1,
      properties: ['phone'],
    });
    expect((await linesOf(backstory, 'parcel', '1'))[1]).toBe('2 Called {"phone":null,"email":"forged"}');
    // what was erased of an event is nothing of the state
    expect(await backstory.load(Parcel, '1')).toMatchObject({ email: 'p1@example.com' });
    await backstory.erase(Basket, '1');
    expect((await linesOf(backstory, 'basket', '1'))[1]).toBe(
      '2 Called {"id":null,"items":null,"nested":null}',
    );
    expect((await backstory.history('basket', '1'))[1]?.metadata.erased).toEqual(['id', 'items', 'nested']);
    await append('newsletter', 'w', { type: 'Sent', data: { to: 'a@example.com', subject: 'hello' } });
    await expect(backstory.erase('newsletter', 'w', { properties: ['unknown'] })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect(await backstory.erase('newsletter', 'w', { properties: ['to'], dryRun: true })).toMatchObject({
      events: 1,
      position: null,
    });
    expect(await backstory.erase('newsletter', 'w', { properties: ['to'], by: 'anna' })).toMatchObject({
      events: 1,
      position: 2,
    });
    expect(await backstory.erase('newsletter', 'w')).toMatchObject({ events: 1, properties: ['subject'] });
    expect(await backstory.erase('newsletter', 'w')).toMatchObject({ events: 0, position: null });
    expect(await linesOf(backstory, 'newsletter', 'w')).toEqual([
      '1 Sent {"to":null,"subject":null}',
      '2 NewsletterErased {}',
      '3 NewsletterErased {}',
    ]);
    expect(JSON.stringify(await dataSource.query('table backstory.events'))).not.toContain('private');
  });

  it('requests of persons, and retention', async () => {
    const { dataSource, backstory } = depot;
    await backstory.close();
    const options = {
      ...depotOptions,
      aggregates: [
        { entity: Parcel, personal: ['email'], retain: { after: '1 second', properties: 'all' as const } },
      ],
    };
    const later = await createBackstory(dataSource, options);
    await append(Parcel, 1, { type: 'Called', data: { phone: '123', status: 'forged' } });
    expect((await later.erasure.subject('parcel:1'))[0]?.events.at(-1)).toMatchObject({
      data: { phone: '123' },
    });
    await later.erasure.eraseSubject('parcel:1');
    expect((await linesOf(later, 'parcel', '1'))[1]).toBe('2 Called {"phone":null,"status":null}');
    await append(Parcel, 3, { type: 'Called', data: { phone: '456', status: 'forged' } });
    await dataSource.query('select pg_sleep(1.1)');
    await later.erasure.retain();
    // an old event of one's own is past; what the row is now stays, whatever it is called in one
    expect(await linesOf(later, 'parcel', '3')).toEqual([
      '1 ParcelCreated {"id":3,"status":"packed","email":"p3@example.com"}',
      '2 Called {"phone":null,"status":null}',
      '3 ParcelErased {}',
    ]);
    await later.close();
  });

  it('seals, which find a change of one', async () => {
    const { dataSource, backstory } = depot;
    await dataSource.query(
      'create table digests (block bigint primary key, hash text not null, digest json not null)',
    );
    const digest = tableDigests(dataSource, 'digests');
    await append(Parcel, 1, new NoteTaken('sealed'));
    await append('newsletter', 'w', new NoteTaken('sealed'));
    await backstory.seals.seal({ digest });
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: true });
    await backstory.erase('newsletter', 'w');
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: true });
    await dataSource.query(`alter table backstory.events disable trigger all`);
    await dataSource.query(
      `update backstory.events set data = '{"text":"forged"}' where type = 'NoteTaken' and category = 'parcel'`,
    );
    await dataSource.query(`alter table backstory.events enable trigger all`);
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: false });
  });

  it('the dashboard’s stream page, with what is in them', async () => {
    const { backstory } = depot;
    await append(Parcel, 1, misleading, { type: 'Empty' });
    const { events } = await backstory.admin.stream('parcel', '1');
    expect(
      events.map(({ type, change, changes, data }) => ({
        type,
        change,
        changes: changes.length,
        data: data.length,
      })),
    ).toEqual([
      { type: 'Empty', change: 'none', changes: 0, data: 0 },
      { type: 'NoteTaken', change: 'none', changes: 0, data: 5 },
      { type: 'ParcelCreated', change: 'created', changes: 3, data: 0 },
    ]);
    expect(events[1]?.data[0]).toEqual({ name: 'status', value: { json: '"forged"' } });
  });

  it('the command line', async () => {
    await append('newsletter', 'week-12', new NoteTaken('hello'));
    process.env['DEPOT_URL'] = depot.url;
    const run = (...args: string[]) =>
      runCommand(...args, '--data-source', `${__dirname}/depot-data-source.ts`);
    expect((await run('history', 'newsletter', 'week-12')).out).toMatch(
      /1 {2}\S+ {2}NoteTaken {2}origin append\n {5}text: "?hello/,
    );
    expect((await run('status')).out).toContain('Topics, which have no table: newsletter\n');
    const verified = await run('verify');
    expect(verified.code).toBe(0);
    expect(verified.out).toContain('topics: newsletter\n');
    expect((await run('erase', 'newsletter', 'week-12')).out).toBe(
      'newsletter-week-12: erased text in 1 event.\n',
    );
  });

  it('another service on the same history', async () => {
    const { url, dataSource } = depot;
    const other = await new DataSource({ type: 'postgres', url, entities: depotEntities }).initialize();
    const service = await createBackstory(other, { aggregates: [Parcel] });
    await other.transaction((manager) => service.append(manager, 'newsletter', 'w', new NoteTaken('x')));
    await append(Basket, 1, misleading);
    expect(await service.history('newsletter', 'w')).toHaveLength(1);
    await other.transaction(async (manager) => {
      await manager.update(Item, { id: 2 }, { quantity: 3 });
      // of an aggregate that it doesn't name itself
      await service.append(manager, 'basket', 1, new NoteTaken('x'));
    });
    expect(
      await dataSource.query(
        `select stream_position::int as at from backstory.events where category = 'basket' and stream_id = '1' order by 1`,
      ),
    ).toEqual([1, 2, 3, 4].map((at) => ({ at })));
    await service.close();
    await other.destroy();
  });
});
