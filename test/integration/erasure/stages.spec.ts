import { createBackstory } from '@backstory/adapter';
import { Customer, openPeople, type People, Purchase, PurchaseLine } from './people.js';

describe('an erased stream', () => {
  let people: People;
  const warnings: string[] = [];

  beforeEach(async () => {
    warnings.length = 0;
    people = await openPeople({
      logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    });
    const { manager } = people.dataSource;
    await manager.insert(Customer, [
      { id: 42, name: 'Ada', email: 'ada@example.org' },
      { id: 7, name: 'Charles', email: 'charles@example.org' },
    ]);
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'Ada',
      customer: { id: 42 },
      lines: [{ id: 'l', engraving: 'A', quantity: 3 }],
    });
  });

  afterEach(() => people.close());

  const read = async (): Promise<string> => {
    const { manager } = people.dataSource;
    return JSON.stringify([
      await manager.find(Customer, { order: { id: 1 } }),
      await manager.findOneBy(Customer, { id: 42 }),
      await manager.find(Purchase, { relations: { lines: true, customer: true } }),
      await manager.findOneBy(PurchaseLine, { id: 'l' }),
    ]);
  };

  it.each(['capture', 'shadow', 'replay'] as const)(
    'reads as its row in stage %s, before and after',
    async (stage) => {
      for (const category of ['customer', 'purchase'])
        await people.backstory.stages.set(category, stage, { force: true });
      const before = await read();
      await people.backstory.erasure.eraseSubject('customer:42');
      expect(await read()).toBe(before);
      await people.backstory.shadowSettled();
      for (const { category, shadow } of await people.backstory.status()) {
        if (stage === 'shadow')
          expect([category, shadow]).toEqual([category, expect.objectContaining({ drifted: 0, failed: 0 })]);
      }
      expect(warnings).toEqual([]);
      // also once the application has erased the row itself
      const { manager } = people.dataSource;
      await manager.update(Customer, 42, { name: null, email: null });
      await manager.update(PurchaseLine, 'l', { engraving: 'later' });
      expect(JSON.parse(await read())).toMatchObject([
        [{ id: 7 }, { id: 42, name: null, email: null }],
        { name: null },
        [{ shipTo: 'Ada', lines: [{ engraving: 'later' }] }],
        { engraving: 'later' },
      ]);
      expect((await people.backstory.verify()).clean).toBe(true);
      expect(warnings).toEqual([]);
    },
  );

  it('is replayed again once nothing of its state is erased, and takes no snapshot before', async () => {
    await people.close();
    people = await openPeople({ aggregates: [{ entity: Customer, snapshots: { every: 2 } }] });
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada' });
    for (let n = 0; n < 5; n++) await manager.update(Customer, 42, { credit: String(n) });
    await people.backstory.load(Customer, '42');
    await people.backstory.snapshotsSettled();
    const snapshots = () => people.query('select state from backstory.snapshots');
    expect(await snapshots()).toHaveLength(1);
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    expect(await snapshots()).toEqual([]);
    await people.backstory.load(Customer, '42');
    await people.backstory.rebuildSnapshots();
    await people.backstory.snapshotsSettled();
    expect(await snapshots()).toEqual([]);
    await manager.update(Customer, 42, { name: 'A.' });
    await people.backstory.rebuildSnapshots();
    expect(JSON.stringify(await snapshots())).not.toContain('Ada');
    expect(await snapshots()).toHaveLength(1);
    expect(await people.backstory.load(Customer, '42')).toMatchObject({ name: 'A.' });
  });

  it('is archived and restored without what was erased', async () => {
    const { manager } = people.dataSource;
    for (let n = 0; n < 5; n++) await manager.update(Customer, 42, { credit: String(n) });
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    await people.backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 2 });
    const standIn = await people.query(
      `select data, metadata from backstory.events where category = 'customer' and stream_id = '42'`,
    );
    expect(standIn).toMatchObject([
      { data: { name: null, email: 'ada@example.org' }, metadata: { origin: 'archive', erased: ['name'] } },
    ]);
    expect((await people.backstory.verify()).clean).toBe(true);
    // erased while it is in the archive
    await people.backstory.erase(Customer, '42', { properties: ['email'] });
    expect(
      JSON.stringify(await people.query(`select data from backstory.all_events where stream_id = '42'`)),
    ).not.toMatch(/Ada|ada@/);
    expect((await people.backstory.verify()).clean).toBe(true);
    await people.backstory.archive.restore();
    expect((await people.backstory.verify()).clean).toBe(true);
    expect(await people.backstory.load(Customer, '42')).toMatchObject({
      name: null,
      email: null,
      credit: '4',
    });
  });

  it('is upcast with null, and what comes of it is taken for erased; who can not do that is told', async () => {
    await people.backstory.close();
    const version2 = (
      upcaster: (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
    ) =>
      createBackstory(people.dataSource, {
        aggregates: [{ entity: Customer, schemaVersion: 2, upcasters: { '*': { 1: upcaster } } }],
      });
    // the first version is said to have had the mail address as "mail", and no settings
    await people.query(
      `alter table backstory.events disable trigger user;
       update backstory.events set data = (replace(data::text, '"email"', '"mail"'))::json where category = 'customer';
       alter table backstory.events enable trigger user`,
    );
    let backstory = await version2(({ mail, ...rest }) =>
      mail === undefined ? rest : { ...rest, email: (mail as string).toLowerCase() },
    );
    expect((await backstory.verify()).clean).toBe(true);
    await expect(backstory.erase(Customer, '42', { properties: ['email'] })).rejects.toMatchObject({
      code: 'ERASURE_FAILED',
    });
    expect(JSON.stringify(await people.query('select data from backstory.events'))).toContain('ada@');
    await backstory.close();

    backstory = await version2(({ mail, ...rest }) =>
      mail === undefined ? rest : { ...rest, email: `${mail as string}` },
    );
    expect(await backstory.erase(Customer, '42', { properties: ['email'] })).toMatchObject({
      events: 1,
      properties: ['mail'],
    });
    expect(
      JSON.stringify(await people.query(`select data from backstory.events where category = 'customer'`)),
    ).not.toContain('ada@');
    expect((await backstory.history('customer', '42'))[0]?.metadata.erased).toEqual(['email']);
    // whatever the upcaster has made of null
    expect((await backstory.state('customer', '42')).state).toMatchObject({ email: null });
    expect((await backstory.verify()).clean).toBe(true);
    // and nothing else is accepted
    await people.query(
      `alter table customer disable trigger user; update customer set name = 'behind' where id = 42; alter table customer enable trigger user`,
    );
    const { aggregates } = await backstory.verify({ aggregates: ['customer'] });
    expect(aggregates[0]?.drift.map(({ properties }) => Object.keys(properties))).toEqual([['name']]);
    await backstory.close();
  });

  it('is erased under former names, too', async () => {
    await people.backstory.close();
    await people.query(
      `alter table backstory.events disable trigger user;
       update backstory.events set data = (replace(data::text, '"email"', '"mail"'))::json where category = 'customer';
       alter table backstory.events enable trigger user`,
    );
    const backstory = await createBackstory(people.dataSource, {
      aggregates: [{ entity: Customer, renamed: { mail: 'email' } }],
    });
    expect(await backstory.erase(Customer, '42', { properties: ['email'] })).toMatchObject({
      events: 1,
      properties: ['mail'],
    });
    expect((await backstory.verify({ aggregates: ['customer'] })).clean).toBe(true);
    await backstory.close();
  });
});
