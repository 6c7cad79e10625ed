import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, openPeople, type People, Purchase, PurchaseLine } from './people.js';

describe('erased values', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
    const { manager } = people.dataSource;
    await people.backstory.runInContext({ actor: 'clerk' }, async () => {
      await manager.insert(Customer, {
        id: 42,
        name: 'Ada Lovelace',
        email: 'ada@example.org',
        settings: { pet: 'Byron' },
      });
      await manager.insert(Customer, { id: 7, name: 'Charles', email: 'charles@example.org' });
      await manager.update(Customer, 42, { email: 'countess@example.org', credit: '12.50' });
    });
  });

  afterEach(() => people.close());

  const kept = (id = '42') =>
    people.query<{ type: string; data: object; metadata: { erased?: string[] }; position: string; at: Date }>(
      `select type, data, metadata, global_position as position, recorded_at as at from backstory.events
       where category = 'customer' and stream_id = $1 order by stream_position`,
      [id],
    );

  it('are null and marked, and everything else is as it was', async () => {
    const before = await kept();
    const others = await kept('7');
    const report = await people.backstory.erase(Customer, '42', {
      properties: ['name', 'email'],
      by: 'dpo',
      reason: 'request 7',
    });
    expect(report).toEqual({
      category: 'customer',
      streamId: '42',
      events: 2,
      properties: ['email', 'name'],
      position: 3,
      stillInTable: ['email', 'name'],
      keysDestroyed: [],
      dryRun: false,
    });
    const [created, updated, erased] = await kept();
    expect(created).toMatchObject({
      type: 'CustomerCreated',
      position: before[0]?.position,
      at: before[0]?.at,
      data: { id: 42, name: null, email: null, settings: { pet: 'Byron' }, credit: null, deletedAt: null },
      metadata: { actor: 'clerk', erased: ['email', 'name'] },
    });
    expect(updated).toMatchObject({
      data: { email: null, credit: '12.50' },
      metadata: { erased: ['email'] },
    });
    expect(erased).toMatchObject({
      type: 'CustomerErased',
      data: {},
      metadata: {
        origin: 'erasure',
        actor: 'dpo',
        reason: 'request 7',
        erasure: { properties: ['email', 'name'], events: 2 },
      },
    });
    expect(await kept('7')).toEqual(others);
    expect(await people.backstory.verify()).toMatchObject({ clean: true });
    expect(await people.dataSource.manager.findOneBy(Customer, { id: 42 })).toMatchObject({
      name: 'Ada Lovelace',
    });
  });

  it('are, unless some are named, all but the key and the date of a soft deletion', async () => {
    await people.dataSource.manager.softDelete(Customer, 42);
    expect((await people.backstory.erase('customer', '42')).properties).toEqual([
      'credit',
      'email',
      'name',
      'settings',
    ]);
    const [, , deleted] = await kept();
    expect(deleted?.data).toEqual({ deletedAt: expect.any(String) });
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('are gone once: nothing happens the second time', async () => {
    await people.backstory.erase(Customer, '42');
    const once = await kept();
    expect(await people.backstory.erase(Customer, '42')).toMatchObject({
      events: 0,
      position: null,
      properties: [],
    });
    expect(await kept()).toEqual(once);
    await people.dataSource.manager.update(Customer, 42, { name: 'Ada King' });
    expect(await people.backstory.erase(Customer, '42', { properties: ['name'] })).toMatchObject({
      events: 1,
      position: 5,
    });
  });

  it('of a dry run are still there', async () => {
    const before = await kept();
    const report = await people.backstory.erase(Customer, '42', { dryRun: true });
    expect(report).toMatchObject({
      events: 2,
      position: null,
      stillInTable: ['credit', 'email', 'name', 'settings'],
      dryRun: true,
    });
    expect(await kept()).toEqual(before);
  });

  it.each([
    [['nickname'], /has no property "nickname"/],
    [['id'], /"id" of "customer-42" tells its rows apart/],
    [[], /No property/],
  ])('can be none that is not there, or a key: %j', async (properties, message) => {
    await expect(people.backstory.erase(Customer, '42', { properties })).rejects.toThrow(message);
    await expect(people.backstory.erase(Customer, 'forty-two')).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    await expect(people.backstory.erase('client', '42')).rejects.toMatchObject({ code: 'UNKNOWN_CATEGORY' });
  });

  it('are null in history, at versions and moments, and in what is loaded', async () => {
    await sleep(5);
    const then = new Date();
    await sleep(5);
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    const history = await people.backstory.history('customer', '42');
    expect(history.map(({ data, metadata }) => [data['name'], metadata.erased])).toEqual([
      [null, ['name']],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    for (const until of [{}, { version: 1 }, { version: 2 }, { asOf: then }])
      expect(await people.backstory.load(Customer, '42', until)).toMatchObject({ id: 42, name: null });
    expect(await people.backstory.state('customer', '42')).toMatchObject({
      state: { name: null },
      position: 3,
    });
  });

  it('are replaced by what is written later, which replays and is verified as ever', async () => {
    await people.backstory.erase(Customer, '42', { properties: ['name', 'email'] });
    await people.dataSource.manager.update(Customer, 42, { name: 'A. King' });
    expect(await people.backstory.load(Customer, '42')).toMatchObject({ name: 'A. King', email: null });
    expect((await people.backstory.verify()).clean).toBe(true);

    await people.query(`alter table customer disable trigger user`);
    await people.query(`update customer set name = 'behind', email = 'behind' where id = 42`);
    await people.query(`alter table customer enable trigger user`);
    const { aggregates } = await people.backstory.verify();
    expect(aggregates[0]?.drift).toMatchObject([
      { streamId: '42', properties: { name: { row: 'behind', replay: 'A. King' } } },
    ]);
    expect(Object.keys(aggregates[0]?.drift[0]?.properties ?? {})).toEqual(['name']);
    const [repaired] = await people.backstory.repair({ aggregates: ['customer'] });
    expect(repaired?.repaired).toHaveLength(1);
    expect((await kept()).at(-1)?.data).toEqual({ name: 'behind' });
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('leave the rest of their stream to be compared to the last digit', async () => {
    await people.query(`update customer set settings = '{"n": 12345678901234567890}' where id = 42`);
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    expect((await people.backstory.verify()).clean).toBe(true);
    await people.query(`alter table customer disable trigger user`);
    await people.query(`update customer set settings = '{"n": 12345678901234567891}' where id = 42`);
    await people.query(`alter table customer enable trigger user`);
    const { aggregates } = await people.backstory.verify();
    expect(aggregates[0]?.drift).toMatchObject([
      { streamId: '42', kind: 'value', properties: { settings: {} } },
    ]);
    expect(aggregates[0]).toMatchObject({ rows: 2, streams: 2, drifted: 1 });
  });

  it('of others are drift as ever', async () => {
    await people.backstory.erase(Customer, '42');
    await people.query(`alter table customer disable trigger user`);
    await people.query(`update customer set name = 'behind' where id = 7`);
    await people.query(`alter table customer enable trigger user`);
    const { clean, aggregates } = await people.backstory.verify();
    expect(clean).toBe(false);
    expect(aggregates[0]?.drift.map(({ streamId }) => streamId)).toEqual(['7']);
  });

  it('do not come back by a repair, also where the whole stream is written anew', async () => {
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    await people.query(`alter table customer disable trigger user`);
    await people.query(`delete from customer where id = 42`);
    await people.backstory.repair({ aggregates: ['customer'] });
    await people.query(
      `insert into customer (id, name, email) values (42, 'Ada Lovelace', 'new@example.org')`,
    );
    await people.query(`alter table customer enable trigger user`);
    await people.backstory.repair({ aggregates: ['customer'] });
    const corrected = (await kept()).at(-1);
    expect(corrected).toMatchObject({
      type: 'CustomerCorrected',
      data: { name: null, email: 'new@example.org' },
      metadata: { origin: 'repair', erased: ['name'] },
    });
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('come back by a repair that is asked to bring them, where the rows still have them', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'a',
      customer: { id: 42 },
      lines: [{ id: 'l', engraving: 'A' }],
    });
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    await people.backstory.erase(Purchase, '1', { properties: ['lines.engraving'] });
    expect((await people.backstory.repair()).flatMap(({ repaired }) => repaired)).toEqual([]);
    const reports = await people.backstory.repair({ restoreErased: true });
    expect(reports.flatMap(({ repaired }) => repaired)).toHaveLength(2);
    expect((await kept()).at(-1)).toMatchObject({
      type: 'CustomerCorrected',
      data: { name: 'Ada Lovelace' },
    });
    expect(await people.backstory.load(Purchase, '1')).toMatchObject({ lines: [{ engraving: 'A' }] });
    expect((await people.backstory.verify()).clean).toBe(true);
    await expect(people.backstory.repair({ restoreErased: true, truth: 'events' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it('take who made the changes along on request', async () => {
    await people.backstory.erase(Customer, '42', { properties: ['name'], actor: true, by: 'dpo' });
    expect((await people.backstory.history('customer', '42')).map(({ metadata }) => metadata.actor)).toEqual([
      'erased',
      'erased',
      'dpo',
    ]);
    expect(await people.backstory.erase(Customer, '42', { properties: ['name'], actor: true })).toMatchObject(
      { events: 0 },
    );
  });

  it('of parts are erased by their path, and their keys stay', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'Ada, London',
      customer: { id: 42 },
      lines: [
        { id: 'a.b', engraving: 'for Byron', giftFor: 7, quantity: 2 },
        { id: 'c%', engraving: 'for Babbage', quantity: 1 },
      ],
    });
    await manager.update(PurchaseLine, 'a.b', { engraving: 'for B.' });
    await manager.delete(PurchaseLine, 'c%');
    const report = await people.backstory.erase('purchase', '1', { properties: ['lines.engraving'] });
    expect(report).toMatchObject({ properties: ['lines.engraving'], stillInTable: ['lines.engraving'] });
    const history = await people.backstory.history('purchase', '1');
    expect(JSON.stringify(history)).not.toMatch(/for B/);
    expect(history.flatMap(({ metadata }) => metadata.erased ?? [])).toEqual(
      expect.arrayContaining(['lines.a%2Eb.engraving', 'lines.c%25.engraving']),
    );
    const loaded = await people.backstory.load(Purchase, '1');
    expect(loaded).toMatchObject({
      shipTo: 'Ada, London',
      lines: [{ id: 'a.b', engraving: null, quantity: 2 }],
    });
    expect((await people.backstory.verify()).clean).toBe(true);

    await manager.update(PurchaseLine, 'a.b', { engraving: 'later' });
    expect(await people.backstory.load(Purchase, '1')).toMatchObject({ lines: [{ engraving: 'later' }] });
    expect((await people.backstory.verify()).clean).toBe(true);
    expect((await people.backstory.erase('purchase', '1')).properties).toEqual([
      'customer.id',
      'lines.engraving',
      'lines.giftFor',
      'lines.quantity',
      'shipTo',
      'total',
    ]);
    expect((await people.backstory.verify()).clean).toBe(true);
  });
});
