import { createBackstory } from '@backstory/adapter';
import { Customer, openPeople, type People, Purchase, PurchaseLine } from './people.js';

describe('a subject', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
    const { manager } = people.dataSource;
    await manager.insert(Customer, [
      { id: 42, name: 'Ada Lovelace', email: 'ada@example.org', credit: '5' },
      { id: 7, name: 'Charles Babbage', email: 'charles@example.org' },
    ]);
    await manager.save(Purchase, [
      {
        id: 1,
        shipTo: 'Ada, St James Square',
        total: 10,
        customer: { id: 42 },
        lines: [{ id: '1a', engraving: 'A. L.', quantity: 1 }],
      },
      {
        id: 2,
        shipTo: 'Charles, Dorset Street',
        total: 20,
        customer: { id: 7 },
        lines: [
          { id: '2a', engraving: 'to Ada', giftFor: 42, quantity: 1 },
          { id: '2b', engraving: 'to Mary', giftFor: 99, quantity: 42 },
        ],
      },
      { id: 42, shipTo: 'Mary', total: 42, customer: { id: 7 }, lines: [] },
    ]);
    // named once, and no more
    await manager.update(Purchase, 1, { customer: { id: 7 }, shipTo: 'Charles, Dorset Street' });
    await manager.update(PurchaseLine, '2a', { giftFor: null });
  });

  afterEach(() => people.close());

  it('is found in its own stream and wherever it has been named at any time', async () => {
    const records = await people.backstory.erasure.subject('customer:42');
    expect(records.map(({ category, streamId, holds }) => [`${category}-${streamId}`, holds])).toEqual([
      ['customer-42', 'own'],
      ['purchase-1', 'root'],
      ['purchase-2', 'parts'],
    ]);
    expect(records[1]?.events.length).toBe((await people.backstory.history('purchase', '1')).length);
  });

  it('is erased there, and nothing else is', async () => {
    const reports = await people.backstory.erasure.eraseSubject('customer:42', { reason: 'request 7' });
    expect(
      reports.map(({ category, streamId, properties }) => [`${category}-${streamId}`, properties]),
    ).toEqual([
      ['customer-42', ['email', 'name', 'settings']],
      ['purchase-1', ['lines.engraving', 'shipTo']],
      ['purchase-2', ['lines.engraving']],
    ]);
    const left = JSON.stringify(await people.query('select data from backstory.events'));
    expect(left).not.toMatch(/Ada|ada@|A\. L\./);
    expect(left).toContain('to Mary');
    expect(await people.backstory.state('purchase', '1')).toMatchObject({
      state: { shipTo: null, total: 10, lines: { '1a': { engraving: null, quantity: 1 } } },
    });
    expect(await people.backstory.state('customer', '42')).toMatchObject({
      state: { credit: '5', name: null },
    });
    expect((await people.backstory.verify()).clean).toBe(true);
    const again = await people.backstory.erasure.eraseSubject('customer:42');
    expect(again.map(({ events }) => events)).toEqual([0, 0, 0]);
  });

  it('is erased also from what was said of parts that are owned no more, and are owned again later', async () => {
    await people.backstory.close();
    let backstory = await createBackstory(people.dataSource, { aggregates: [Purchase] });
    await backstory.erase(Purchase, '2');
    const [created] = await backstory.history('purchase', '2');
    expect(created?.data['lines']).toBeUndefined();
    expect(
      JSON.stringify(await people.query(`select data from backstory.events where stream_id = '2'`)),
    ).not.toMatch(/Dorset|to Ada|to Mary/);
    await backstory.close();
    backstory = await createBackstory(people.dataSource, {
      aggregates: [{ entity: Purchase, owns: ['lines'] }],
    });
    expect(await backstory.history('purchase', '2')).not.toEqual([]);
    await backstory.verify();
    await backstory.close();
  });

  it('is found through an upcaster, too', async () => {
    await people.backstory.close();
    const backstory = await createBackstory(people.dataSource, {
      aggregates: [
        Customer,
        {
          entity: Purchase,
          owns: ['lines'],
          subject: 'customer.id',
          personal: ['shipTo'],
          schemaVersion: 2,
          upcasters: { '*': { 1: (data) => data } },
        },
        PurchaseLine,
      ],
    });
    const records = await backstory.erasure.subject('customer:42');
    expect(records.map(({ streamId }) => streamId)).toEqual(['42', '1']);
    await backstory.close();
  });

  it.each([
    ['client:42', /no captured aggregate "client"[^]*customer, purchase/],
    ['42', /"42" is no subject/],
    ['customer:', /is no subject/],
  ])('%s is refused in words', async (subject, message) => {
    await expect(people.backstory.erasure.subject(subject)).rejects.toThrow(message);
    await expect(people.backstory.erasure.eraseSubject(subject)).rejects.toThrow(message);
  });

  it.each([
    [{ entity: Purchase, subject: 'customer.id' }, /which of its properties are of that person/],
    [{ entity: Purchase, subject: 'shipTo', personal: 'all' as const }, /Name the category/],
    [{ entity: Purchase, subject: 'client.id', personal: 'all' as const }, /no property "client.id"/],
    [{ entity: Customer, personal: ['nickname'] }, /no property "nickname"/],
    [{ entity: Customer, retain: { after: '7 years', properties: ['nickname'] } }, /no property "nickname"/],
  ])('options that can not be meant are refused: %j', async (options, message) => {
    await people.backstory.close();
    await expect(createBackstory(people.dataSource, { aggregates: [options] })).rejects.toThrow(message);
  });
});
