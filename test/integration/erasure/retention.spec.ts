import { Customer, openPeople, type People, Purchase, PurchaseLine } from './people.js';

const retain = { after: '1 day', properties: ['name', 'email'] };

describe('retention', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople({
      aggregates: [
        { entity: Customer, retain },
        { entity: Purchase, owns: ['lines'], retain: { after: '1 day', properties: 'all' } },
        PurchaseLine,
      ],
    });
  });

  afterEach(() => people.close());

  /** The log grows old at once: recorded_at is nothing that anybody could change otherwise. */
  const age = async (): Promise<void> => {
    await people.query(
      `alter table backstory.events disable trigger user; update backstory.events set recorded_at = recorded_at - interval '2 days'; alter table backstory.events enable trigger user`,
    );
  };

  it('erases what is old of ended streams, and what was superseded of living ones', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, [
      { id: 1, name: 'first', email: 'a', credit: '1' },
      { id: 2, name: 'ended', email: 'b' },
      { id: 3, name: 'still', email: 'c' },
    ]);
    await manager.update(Customer, 1, { name: 'second' });
    await manager.delete(Customer, 2);
    await age();
    await manager.update(Customer, 1, { name: 'third' });
    const dry = await people.backstory.erasure.retain({ dryRun: true });
    expect(dry).toMatchObject([
      { category: 'customer', streams: 2, events: 3, dryRun: true },
      { category: 'purchase', streams: 0, events: 0 },
    ]);
    const [report] = await people.backstory.erasure.retain({ aggregates: ['customer'], by: 'cron' });
    expect(report).toMatchObject({ streams: 2, events: 3, dryRun: false });
    const names = async (id: string) =>
      (await people.backstory.history('customer', id)).map(({ data }) => [data['name'], data['email']]);
    expect(await names('1')).toEqual([
      [null, 'a'],
      [null, undefined],
      ['third', undefined],
      [undefined, undefined],
    ]);
    expect(await names('2')).toEqual([
      [null, null],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(await names('3')).toEqual([['still', 'c']]);
    expect(await people.backstory.load(Customer, '1')).toMatchObject({
      name: 'third',
      email: 'a',
      credit: '1',
    });
    expect((await people.backstory.verify()).clean).toBe(true);
    const [, , , erased] = await people.backstory.history('customer', '1');
    expect(erased).toMatchObject({
      type: 'CustomerErased',
      metadata: { actor: 'cron', reason: 'kept for 1 day' },
    });
    expect(await people.backstory.erasure.retain()).toMatchObject([{ events: 0 }, { events: 0 }]);
  });

  it('keeps the current state of parts, also behind an archive', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 1, name: 'x' });
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'a',
      customer: { id: 1 },
      lines: [{ id: 'l', engraving: 'one' }],
    });
    await manager.update(PurchaseLine, 'l', { engraving: 'two' });
    await manager.update(Purchase, 1, { shipTo: 'b' });
    await age();
    await people.backstory.archive.move({ aggregates: ['purchase'], before: new Date(), events: 2 });
    const [, report] = await people.backstory.erasure.retain();
    expect(report).toMatchObject({ category: 'purchase', streams: 1 });
    const state = { shipTo: 'b', lines: { l: { engraving: 'two' } } };
    expect(await people.backstory.state('purchase', '1')).toMatchObject({ state });
    const text = JSON.stringify(await people.query('select data from backstory.archived_events'));
    expect(text).not.toMatch(/"one"|"a"/);
    expect(text).toMatch(/"two"/);
    expect((await people.backstory.verify()).clean).toBe(true);
    await people.backstory.archive.restore();
    expect(await people.backstory.state('purchase', '1')).toMatchObject({ state });
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('says so where the time is none', async () => {
    await people.close();
    people = await openPeople({
      aggregates: [{ entity: Customer, retain: { after: 'for ever', properties: 'all' } }],
    });
    await expect(people.backstory.erasure.retain()).rejects.toThrow(/"for ever" is no time/);
  });
});
