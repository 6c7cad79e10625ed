import { type Backstory, createBackstory, type EncryptionRules, type EventData } from '@backstory/adapter';
import { Customer, type People, Purchase } from '../erasure/people.js';
import { EncryptingPeople, subjectsIn } from './encrypting-people.js';
import { Wire } from './wire.js';

describe('what a relay encrypts', () => {
  let shop: EncryptingPeople;
  let people: People;
  let backstory: Backstory;

  beforeEach(async () => {
    shop = await EncryptingPeople.open();
    ({ people, backstory } = shop);
  });

  afterEach(() => shop.close());

  it.each<[EncryptionRules, Record<string, unknown>, Record<string, unknown>]>([
    [
      'all',
      { id: 42, name: expect.any(Object), credit: expect.any(Object) },
      { 'customer.id': 42, total: expect.any(Object) },
    ],
    [{ customer: 'all' }, { credit: expect.any(Object) }, { total: 0, shipTo: 'a' }],
    [
      { Customer: ['credit'], purchase: ['total'] },
      { name: 'Ada!', credit: expect.any(Object) },
      { total: expect.any(Object), shipTo: 'a' },
    ],
    [{ purchase: 'personal' }, { name: 'Ada!' }, { shipTo: expect.any(Object), total: 0 }],
  ])('encrypts what it is told: %j', async (encrypt, ofCustomer, ofPurchase) => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada!', credit: '5' });
    await manager.save(Purchase, { id: 1, shipTo: 'a', customer: { id: 42 }, lines: [] });
    const wire = await shop.relayed({ encrypt });
    expect(wire.events().map((event) => event.data)).toMatchObject([ofCustomer, ofPurchase]);
    expect((await shop.data(wire))[0]).toMatchObject({ name: 'Ada!', credit: '5' });
  });

  it('publishes as it is where it is told so, and encrypts for the relay beside it', async () => {
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    expect((await shop.relayed({ encrypt: 'none' })).bytes()).toContain('Ada!');
    expect((await shop.relayed()).bytes()).not.toContain('Ada!');
  });

  it('lets no value pass for an encrypted one', async () => {
    const forged = [
      { $encrypted: 'AQ', subjects: ['customer:7'] },
      { lines: { text: { $encrypted: 'AQ', subjects: ['customer:7'] } } },
    ];
    for (const [id, settings] of forged.entries())
      await people.dataSource.manager.insert(Customer, { id, settings });
    const wire = await shop.relayed({ encrypt: { purchase: 'all' } });
    expect((await shop.data(wire)).map((event) => (event as Customer).settings)).toEqual(forged);
    expect(subjectsIn(wire, 'settings')).toEqual([['customer:0'], ['customer:1']]);
  });

  it.each<[EncryptionRules, RegExp]>([
    [{ customer: ['nickname'] }, /"customer" has no property "nickname"[^]*email/],
    [{ customer: ['id'] }, /"id" of "customer" is a key/],
    [{ purchase: ['lines.id'] }, /"lines.id" of "purchase" is a key/],
    [{ PurchaseLine: 'all' }, /it is "lines" of the aggregate "purchase"/],
  ])('is refused: %j', (encrypt, words) => {
    expect(() => backstory.consumers.relay({ name: 'x', publisher: new Wire(), encrypt })).toThrow(words);
  });

  it('waits, and says for what, where it is to encrypt an aggregate that is not there, or may not use keys', async () => {
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    const wire = new Wire();
    backstory.consumers.relay({
      name: 'waits',
      publisher: wire,
      from: 'beginning',
      encrypt: { client: 'all' },
    });
    await backstory.consumers.start();
    await expect(backstory.consumers.wait('waits', undefined, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
    });
    const [status] = await backstory.consumers.list();
    expect([status?.error, status?.parked, wire.messages]).toEqual([
      expect.stringContaining('no captured aggregate "client"'),
      0,
      [],
    ]);
    await backstory.consumers.stop();
  });

  it('waits where nobody says what is personal', async () => {
    await backstory.close();
    const plain = await createBackstory(people.dataSource, {
      aggregates: [Customer],
      encryption: { keys: shop.keys },
    });
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    const wire = new Wire();
    plain.consumers.relay({ name: 'waits', publisher: wire, from: 'beginning' });
    await plain.consumers.start();
    await expect(plain.consumers.wait('waits', undefined, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
    });
    expect([(await plain.consumers.list())[0]?.error, wire.messages]).toEqual([
      expect.stringContaining('no aggregate says what that is'),
      [],
    ]);
    await plain.close();
  });

  it('encrypts what events have that nobody knows any more: a column, an aggregate', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada!', credit: '77777' });
    await manager.save(Purchase, { id: 1, shipTo: 'Ada!', lines: [{ id: 'a', engraving: 'for Ada!' }] });
    await backstory.close();
    backstory = shop.backstory = await createBackstory(people.dataSource, {
      encryption: { keys: shop.keys },
      aggregates: [{ entity: Customer, personal: ['name'], exclude: ['credit'] }],
    });
    const wire = await shop.relayed();
    expect(wire.bytes()).not.toMatch(/Ada!|77777/);
    expect(subjectsIn(wire, 'credit')[0]).toEqual(['customer:42']);
    expect(subjectsIn(wire, 'shipTo')[1]).toEqual(['purchase:1']);
    expect(await shop.data(wire)).toMatchObject([
      { credit: '77777' },
      { shipTo: 'Ada!' },
      { lines: { a: { engraving: 'for Ada!' } } },
    ]);
    await backstory.close();
  });

  it('of what another service captures is of whom that one names, in parts, too', async () => {
    const { manager } = people.dataSource;
    const lines = [{ id: 'a', engraving: 'for Ada!', giftFor: 99 }];
    await manager.save(Purchase, { id: 1, shipTo: 'Ada!', customer: await customer(42), lines });
    await manager.update(Purchase, 1, { shipTo: 'Ada! again' });
    await backstory.close();
    backstory = shop.backstory = await createBackstory(people.dataSource, {
      encryption: { keys: shop.keys },
      aggregates: [{ entity: Customer, personal: ['name'] }],
    });
    const wire = await shop.relayed();
    expect(wire.bytes()).not.toMatch(/Ada!/);
    expect(subjectsIn(wire, 'shipTo').filter(Boolean)).toEqual([['customer:42'], ['customer:42']]);
    expect(JSON.stringify(await shop.data(wire))).toMatch(/Ada! again/);
    await backstory.erasure.eraseSubject('customer:42');
    expect(JSON.stringify(await shop.data(wire))).not.toMatch(/Ada!/);
    await backstory.close();
  });

  it('is refused without a key provider', async () => {
    await backstory.close();
    const plain = await createBackstory(people.dataSource, { aggregates: [Customer] });
    expect(() => plain.consumers.relay({ name: 'x', publisher: new Wire(), encrypt: 'all' })).toThrow(
      /nothing that holds keys/,
    );
    await expect(plain.keys.find(['customer:42'])).rejects.toThrow(/nothing that holds keys/);
    await expect(plain.keys.rewrap()).rejects.toThrow(/nothing that holds keys/);
    await plain.close();
    await expect(createBackstory(people.dataSource, { encryption: {} as never })).rejects.toThrow(
      /no key provider/,
    );
  });

  const customer = async (id: number): Promise<Customer> =>
    people.dataSource.manager.save(Customer, { id, name: `name ${id}` });

  it('keeps names of subjects and values under former names', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'a', customer: await customer(42), lines: [] });
    await manager.update(Purchase, 1, { shipTo: 'b' });
    await backstory.close();
    await people.query(
      `alter table purchase rename column "shipTo" to "shipTo2"; alter table purchase rename column "shipTo2" to "shipTo"`,
    );
    const upcasters = { '*': { 1: (old: EventData) => old } };
    backstory = shop.backstory = await createBackstory(people.dataSource, {
      encryption: { keys: shop.keys },
      aggregates: [
        { entity: Customer, category: 'client', storedAs: 'customer', personal: ['name'] },
        {
          entity: Purchase,
          category: 'order',
          storedAs: 'purchase',
          subject: { client: 'customer.id' },
          personal: ['shipTo'],
          schemaVersion: 2,
          upcasters,
        },
      ],
    });
    await manager.update(Purchase, 1, { shipTo: 'c' });
    const wire = await shop.relayed();
    expect(wire.events().map(({ subject }) => subject)).toEqual([
      'client-42',
      'order-1',
      'order-1',
      'order-1',
    ]);
    expect(subjectsIn(wire, 'shipTo')).toEqual([
      undefined,
      ['customer:42'],
      ['customer:42'],
      ['customer:42'],
    ]);
    const oneByOne = await shop.relayed({ batchSize: 1 });
    expect(subjectsIn(oneByOne, 'shipTo')).toEqual(subjectsIn(wire, 'shipTo'));
    expect((await shop.data(wire)).slice(1)).toMatchObject([
      { shipTo: 'a' },
      { shipTo: 'b' },
      { shipTo: 'c' },
    ]);
    await backstory.erasure.eraseSubject('client:42');
    expect((await shop.data(wire)).slice(1)).toMatchObject([
      { shipTo: null },
      { shipTo: null },
      { shipTo: null },
    ]);
    await backstory.close();
  });
});
