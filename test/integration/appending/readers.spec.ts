import { createBackstory, type NewEvent } from '@backstory/adapter';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import {
  Basket,
  type Depot,
  depotEntities,
  depotOptions,
  linesOf,
  NoteTaken,
  openDepot,
  Parcel,
} from './parcels.js';

/** Whoever reads events: each knows those of the application's own, and no state depends on them. */
describe('events of the application’s own are known to', () => {
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

  it('replayed and shadow reads, in their own transaction, too', async () => {
    const { dataSource, backstory } = depot;
    for (const stage of ['shadow', 'replay'] as const) {
      await backstory.stages.set('parcel', stage, { force: true });
      await backstory.stages.set('basket', stage, { force: true });
      await dataSource.transaction(async (manager) => {
        await backstory.append(manager, Parcel, 1, misleading);
        await backstory.append(manager, Basket, 1, misleading);
        await manager.update(Basket, { id: 1 }, { note: stage });
        expect(await manager.findOneBy(Parcel, { id: 1 })).toMatchObject({ status: 'packed' });
        const basket = await manager.findOne(Basket, { where: { id: 1 }, relations: { items: true } });
        expect(basket).toMatchObject({ note: stage, items: [{}, {}] });
        expect(basket?.items).toHaveLength(2);
      });
      expect(await dataSource.manager.findBy(Parcel, { status: 'packed' })).toHaveLength(3);
    }
    await backstory.shadowSettled();
    const status = await backstory.status();
    expect(status.map(({ shadow }) => shadow?.drifted ?? 0)).toEqual(status.map(() => 0));
  });

  it('versions, moments and snapshots', async () => {
    const { dataSource, backstory } = depot;
    await backstory.close();
    const often = await createBackstory(dataSource, {
      ...depotOptions,
      aggregates: [
        { entity: Parcel, snapshots: { every: 3 } },
        { entity: Basket, owns: ['items'], snapshots: { every: 3 } },
      ],
    });
    for (let turn = 1; turn <= 4; turn++) {
      await dataSource.manager.update(Parcel, { id: 1 }, { status: `s${turn}` });
      await append(Parcel, 1, misleading, misleading);
      await append(Basket, 1, misleading, misleading);
    }
    expect(await often.load(Parcel, '1', { version: 4 })).toMatchObject({ status: 's1' });
    expect(await often.load(Parcel, '1', { version: 5 })).toMatchObject({ status: 's2' });
    expect(await often.load(Parcel, '1')).toMatchObject({ status: 's4' });
    expect(await often.load(Basket, '1')).toMatchObject({ note: '' });
    await often.snapshotsSettled();
    const snapshots: { state: object }[] = await dataSource.query(
      `select state from backstory.snapshots where category = 'parcel'`,
    );
    expect(snapshots.length).toBeGreaterThan(0);
    expect(JSON.stringify(snapshots)).not.toContain('forged');
    await append(Parcel, 1, misleading);
    expect(await often.load(Parcel, '1')).toMatchObject({ status: 's4' });
    expect(await often.rebuildSnapshots()).toHaveLength(2);
    expect(await often.load(Parcel, '1', { asOf: new Date() })).toMatchObject({ status: 's4' });
    await often.close();
  });

  it('verify in all of its ways, and repair', async () => {
    const { dataSource, backstory, url } = depot;
    await append(Parcel, 1, misleading);
    await append(Basket, 1, misleading);
    await dataSource.manager.delete(Parcel, { id: 2 });
    await append(Parcel, 2, misleading, misleading);
    await append('newsletter', 'w', misleading);
    const report = await backstory.verify();
    expect(report).toMatchObject({ clean: true });
    expect(report.aggregates.map(({ category }) => category).sort()).toEqual(['basket', 'parcel', 'seat']);
    expect(await backstory.verify({ aggregates: ['parcel'], streamIds: ['1', '2'] })).toMatchObject({
      clean: true,
    });
    expect(await backstory.verify({ sinceLast: true })).toMatchObject({ clean: true });
    // with an upcaster, in Node.js
    const other = await new DataSource({ type: 'postgres', url, entities: depotEntities }).initialize();
    const upcasting = await createBackstory(other, {
      aggregates: [
        {
          entity: Parcel,
          schemaVersion: 2,
          renamed: { mail: 'email' },
          upcasters: {
            '*': { 1: (data) => ('status' in data ? { ...data, status: data['status'] } : data) },
            NoteTaken: { 1: (data) => ({ ...data, text: 'upcast' }) },
          },
        },
      ],
    });
    expect(await upcasting.verify()).toMatchObject({ clean: true });
    expect((await upcasting.history('parcel', '1')).at(-1)).toMatchObject({
      schemaVersion: 2,
      data: { ...note, text: 'upcast' },
    });
    await upcasting.close();
    await other.destroy();
    // what differs is found and settled beside them
    const unseen = new Client({ connectionString: url });
    await unseen.connect();
    await unseen.query(
      `set session_replication_role = replica; update parcel set status = 'behind' where id = 1; update item set quantity = 7`,
    );
    await unseen.end();
    expect(await backstory.verify()).toMatchObject({ clean: false });
    await backstory.repair();
    expect(await backstory.load(Parcel, '1')).toMatchObject({ status: 'behind' });
    await append(Parcel, 1, misleading);
    await dataSource.query(
      `alter table backstory.events disable trigger all; alter table parcel disable trigger all`,
    );
    await dataSource.query(`update parcel set status = 'lost' where id = 1`);
    await dataSource.query(
      `alter table backstory.events enable trigger all; alter table parcel enable trigger all`,
    );
    await backstory.repair({ truth: 'events', reason: 'test' } as object);
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('upcasters by type, and to no other: names in them are their own', async () => {
    const { dataSource, backstory } = depot;
    await append(Parcel, 1, { type: 'Reminded', data: { mail: 'x', v: 1 } });
    await backstory.close();
    const later = await createBackstory(dataSource, {
      ...depotOptions,
      aggregates: [
        {
          entity: Parcel,
          schemaVersion: 2,
          renamed: { mail: 'email' },
          renamedTypes: { Reminded: 'ReminderSent' },
          upcasters: {
            '*': {
              1: () => {
                throw new Error('is for the entity');
              },
            },
            ParcelCreated: { 1: (data) => data },
            ReminderSent: { 1: ({ v, ...data }) => ({ ...data, v: Number(v) + 1 }) },
          },
        },
      ],
    });
    expect((await later.history('parcel', '1')).at(-1)).toMatchObject({
      type: 'ReminderSent',
      data: { mail: 'x', v: 2 },
    });
    await append(Parcel, 1, { type: 'Unknown', data: { mail: 'y' } });
    const appended = await dataSource.transaction((manager) =>
      later.append(manager, Parcel, 1, { type: 'Newer' }),
    );
    expect((await later.history('parcel', '1', { after: appended.position - 1 })).at(-1)).toMatchObject({
      schemaVersion: 2,
    });
    await later.close();
  });

  it('the archive, with what stands for them, and back', async () => {
    const { dataSource, backstory } = depot;
    for (let turn = 0; turn < 30; turn++) {
      await append(Parcel, 1, misleading);
      await append(Basket, 1, misleading);
    }
    await dataSource.manager.delete(Parcel, { id: 2 });
    await append(Parcel, 2, new NoteTaken('behind the end'));
    const before = [
      await backstory.history('parcel', '1'),
      await backstory.history('basket', '1'),
      await backstory.history('parcel', '2'),
    ];
    const reports = await backstory.archive.move({ before: new Date(Date.now() + 60_000) });
    expect(reports.map(({ category, streams }) => `${category} ${streams}`).sort()).toEqual([
      'basket 1',
      'parcel 2',
      'seat 0',
    ]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await append(Parcel, 1, new NoteTaken('later'));
    await append(Parcel, 2, new NoteTaken('later'));
    expect(await backstory.load(Parcel, '1')).toMatchObject({ status: 'packed' });
    expect(await backstory.load(Basket, '1')).toMatchObject({ note: '', items: [{}, {}] });
    expect(await backstory.load(Parcel, '2')).toBeNull();
    expect(await backstory.history('parcel', '1')).toHaveLength((before[0]?.length ?? 0) + 1);
    expect((await linesOf(backstory, 'parcel', '2')).slice(2)).toEqual([
      '3 NoteTaken {"text":"behind the end"}',
      '4 NoteTaken {"text":"later"}',
    ]);
    await backstory.archive.restore();
    expect((await backstory.history('parcel', '1')).slice(0, -1)).toEqual(before[0]);
    expect(await backstory.history('basket', '1')).toEqual(before[1]);
  });
});
