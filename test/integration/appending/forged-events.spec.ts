import { createBackstory, onEvent } from '@backstory/adapter';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { runCommand } from '../../library/run-command.js';
import { Basket, depotEntities, type Depot, NoteTaken, openDepot, Parcel } from './parcels.js';

/** A role that `npx backstory grants --app` has given its rights, and nothing else. */
describe('what the application’s role can do by appending', () => {
  const role = `appending_${process.pid}_${Date.now()}`;
  let depot: Depot;
  let app: Client;
  let url: URL;

  beforeAll(async () => {
    depot = await openDepot();
    await depot.backstory.backfill();
    await depot.dataSource.query(
      `create role ${role} login password 'x'; grant usage on schema public to ${role};
       grant select, insert, update, delete on all tables in schema public to ${role}`,
    );
    process.env['DEPOT_URL'] = depot.url;
    const granted = await runCommand(
      ...['grants', '--app', role, '--apply', '--data-source', `${__dirname}/depot-data-source.ts`],
    );
    expect(granted).toMatchObject({ code: 0 });
    url = new URL(depot.url);
    url.username = role;
    url.password = 'x';
    app = new Client({ connectionString: url.href });
    await app.connect();
  });

  afterAll(async () => {
    await app.end();
    await depot.dataSource.query(`drop owned by ${role}; drop role ${role}`);
    await depot.close();
  });

  const call = (category: string, id: string, events: unknown, version = 1, comment = '') =>
    app.query(
      `${comment}select outcome from backstory.append_events($1, $2, $3::json, $4::smallint, null, false)`,
      [category, id, JSON.stringify(events), version],
    );

  it('is to append as the owner does, from an application that changes nothing at its start', async () => {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: depotEntities,
    }).initialize();
    const backstory = await createBackstory(dataSource, {
      aggregates: ['all', { entity: Basket, owns: ['items'] }],
      topics: ['newsletter'],
      install: 'check',
    });
    const seen: string[] = [];
    backstory.consumers.define({
      name: 'seen',
      handlers: [onEvent(NoteTaken, ({ text }) => void seen.push(text))],
    });
    await backstory.consumers.start();
    await dataSource.transaction(async (manager) => {
      await backstory.append(manager, Parcel, 1, new NoteTaken('a'));
      await backstory.append(manager, Basket, 1, new NoteTaken('b'));
      await backstory.append(manager, 'newsletter', 'w', new NoteTaken('c'));
    });
    await backstory.consumers.wait('seen');
    expect(seen.sort()).toEqual(['a', 'b', 'c']);
    await backstory.close();
    await dataSource.destroy();
  });

  it('is nothing that a state depends on, whatever it calls directly', async () => {
    const forged = [
      { type: 'Forged', data: { status: 'forged', items: { 1: null }, note: 'forged', id: 2 } },
      { type: 'Forged', data: { items: 'no object' } },
    ];
    for (const id of ['1', '2']) {
      expect((await call('parcel', id, forged)).rows).toEqual([{ outcome: 'appended' }]);
      expect((await call('basket', id, forged)).rows).toEqual([{ outcome: 'appended' }]);
    }
    const { backstory } = depot;
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.load(Parcel, '1')).toMatchObject({ status: 'packed' });
    expect(await backstory.load(Basket, '1')).toMatchObject({ note: '', items: [{}, {}] });
  });

  it('is no name of capture’s, no stream that isn’t there, no category that nobody has declared', async () => {
    expect((await call('parcel', '1', [{ type: 'ParcelDeleted', data: {} }])).rows).toEqual([
      { outcome: 'taken' },
    ]);
    expect((await call('basket', '1', [{ type: 'ItemCreated', data: {} }])).rows).toEqual([
      { outcome: 'taken' },
    ]);
    expect((await call('parcel', '99', [{ type: 'T', data: {} }])).rows).toEqual([{ outcome: 'missing' }]);
    expect((await call('order', '1', [{ type: 'T', data: {} }])).rows).toEqual([{ outcome: 'unknown' }]);
  });

  it('is no event of a newer version, and none that can’t be read', async () => {
    for (const [events, version] of [
      [[{ type: 'T', data: {} }], 2],
      [[{ type: 'T', data: {} }], 0],
      [[{ type: 'T', data: [] }], 1],
      [[{ type: 'T' }], 1],
      [[{ data: {} }], 1],
      [[], 1],
      [{ type: 'T', data: {} }, 1],
      [['T'], 1],
      [[{ type: 'T', data: { text: 'a\0b' } }], 1],
    ] as const)
      await expect(call('parcel', '1', events, version)).rejects.toMatchObject({ code: /^22/ as never });
  });

  it('is no other origin, and no mark that is not its own to give', async () => {
    const comment = `/*backstory {"origin":"archive","filled":true,"erased":["id"],"erasure":{},"actor":"ceo"}*/ `;
    await call('parcel', '3', [{ type: 'T', data: {} }], 1, comment);
    const event = (await depot.backstory.history('parcel', '3')).at(-1);
    // who it says it is, is believed: as with a row that it changes
    expect(event).toMatchObject({ change: 'none', metadata: { origin: 'append', actor: 'ceo' } });
    expect(Object.keys(event?.metadata ?? {}).sort()).toEqual(['actor', 'origin']);
    expect(await depot.backstory.verify()).toMatchObject({ clean: true });
  });

  it('is not to call what append_events() calls', async () => {
    const { rows } = await depot.dataSource
      .query<{ rows: { name: string }[] }>('select 1')
      .then(() =>
        app.query<{ name: string }>(
          `select p.oid::regproc::text as name from pg_proc p where proname like 'begin_append_%' and pronamespace = 'backstory'::regnamespace`,
        ),
      );
    expect(rows).toHaveLength(3);
    for (const { name } of rows)
      await expect(app.query(`select ${name}('1')`)).rejects.toMatchObject({ code: '42501' });
    await expect(
      app.query(
        `select backstory.append_in_turn('parcel', '1', '[{"type":"T","data":{}}]', 1::smallint, null, false)`,
      ),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(app.query(`insert into backstory.topics (category) values ('mine')`)).rejects.toMatchObject({
      code: '42501',
    });
  });
});
