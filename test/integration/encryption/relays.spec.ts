import type { EventEmitter } from 'node:events';
import type { Backstory } from '@backstory/adapter';
import { Customer, type People, Purchase, PurchaseLine } from '../erasure/people.js';
import { EncryptingPeople, subjectsIn } from './encrypting-people.js';

interface Sealed {
  subjects?: string[];
}

describe('a relay that encrypts', () => {
  let shop: EncryptingPeople;
  let people: People;
  let backstory: Backstory;

  beforeEach(async () => {
    shop = await EncryptingPeople.open();
    ({ people, backstory } = shop);
  });

  afterEach(() => shop.close());

  const customer = async (id: number): Promise<Customer> =>
    people.dataSource.manager.save(Customer, { id, name: `name ${id}` });

  it('sends what is personal unreadable, and a receiver with the keys reads what the log has', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, {
      id: 42,
      name: 'Ada! Lovelace',
      email: 'ada@example.org',
      settings: { theme: 'Ada!' },
      credit: '5',
    });
    await manager.update(Customer, 42, { name: 'Ada! King' });
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'Ada!, St James Square',
      total: 10,
      customer: { id: 42 },
      lines: [{ id: '1.a', engraving: 'for Ada!', quantity: 2 }],
    });
    await manager.update(PurchaseLine, '1.a', { engraving: 'for Ada! K.' });
    const wire = await shop.relayed();
    expect(wire.bytes()).not.toMatch(/Ada!|ada@|James/);
    expect(wire.events()[0]?.data).toEqual({
      id: 42,
      name: { $encrypted: expect.stringMatching(/^[\w-]{40,}$/), subjects: ['customer:42'] },
      email: { $encrypted: expect.any(String), subjects: ['customer:42'] },
      settings: { $encrypted: expect.any(String), subjects: ['customer:42'] },
      credit: '5',
      deletedAt: null,
    });
    const log = await people.query<{ data: object }>(
      'select data from backstory.events order by global_position',
    );
    expect(await shop.data(wire)).toEqual(log.map((event) => event.data));
    // a broker's consumer may still route by what is no person's
    expect(wire.events().at(2)?.data).toMatchObject({ 'customer.id': 42, total: 10 });
  });

  it('sends nothing readable of what the application has appended, for the subject of the stream', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'a', customer: await customer(42), lines: [] });
    await manager.transaction((inside) =>
      backstory.append(inside, Purchase, 1, {
        type: 'ReminderSent',
        // names of properties that are nobody's, of one that names the subject, and of what it owns
        data: { total: 'Ada! owes', 'customer.id': 7, lines: { x: 'for Ada!' } },
      }),
    );
    const wire = await shop.relayed({ filter: { categories: ['purchase'] } });
    expect(wire.bytes()).not.toContain('Ada!');
    for (const name of ['total', 'customer.id', 'lines'])
      expect((wire.events().at(-1)?.data as Record<string, Sealed>)[name]?.subjects).toEqual(['customer:42']);
    expect((await shop.data(wire)).at(-1)).toEqual({
      total: 'Ada! owes',
      'customer.id': 7,
      lines: { x: 'for Ada!' },
    });
    await manager.update(Purchase, 1, { shipTo: 'b' });
    expect(subjectsIn(await shop.relayed({ filter: { categories: ['purchase'] } }), 'shipTo').at(-1)).toEqual(
      ['customer:42'],
    );
  });

  it('finds the subject of an update in what the stream has said before, also in the archive', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'a', customer: await customer(42), lines: [] });
    await manager.update(Purchase, 1, { shipTo: 'b' });
    await manager.update(Purchase, 1, { total: 3, shipTo: 'c' });
    const filter = { categories: ['purchase'] };
    expect(subjectsIn(await shop.relayed({ filter }), 'shipTo')).toEqual([
      ['customer:42'],
      ['customer:42'],
      ['customer:42'],
    ]);
    await backstory.archive.move({ before: new Date(Date.now() + 86_400_000), events: 2 });
    const [archived] = await people.query<{ n: string }>(
      `select count(*) as n from backstory.archived_events`,
    );
    expect(archived?.n).toBe('3');
    await manager.update(Purchase, 1, { shipTo: 'd' });
    expect(subjectsIn(await shop.relayed({ filter }), 'shipTo').at(-1)).toEqual(['customer:42']);
  });

  it('gives what a stream says to whom it is of then; where that changes to both; and of nobody to itself', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'a', lines: [] });
    await manager.update(Purchase, 1, { shipTo: 'b', customer: await customer(42) });
    await manager.update(Purchase, 1, { shipTo: 'c' });
    await manager.update(Purchase, 1, { shipTo: 'd', customer: await customer(7) });
    await manager.update(Purchase, 1, { shipTo: 'e' });
    await manager.update(Purchase, 1, { shipTo: 'f', customer: null });
    await manager.update(Purchase, 1, { shipTo: 'g' });
    const filter = { categories: ['purchase'] };
    const expected = [
      ['purchase:1'],
      ['customer:42'],
      ['customer:42'],
      ['customer:42', 'customer:7'],
      ['customer:7'],
      ['customer:7'],
      ['purchase:1'],
    ];
    const before = await shop.relayed({ filter });
    expect(subjectsIn(before, 'shipTo')).toEqual(expected);
    expect(subjectsIn(await shop.relayed({ filter, batchSize: 1 }), 'shipTo')).toEqual(expected);
    // those between are not asked for
    expect(
      subjectsIn(await shop.relayed({ filter: { types: ['PurchaseUpdated'] }, batchSize: 2 }), 'shipTo'),
    ).toEqual(expected.slice(1));
    await backstory.erasure.eraseSubject('customer:42');
    // what names nobody was erased in the log as well: the stream has named the customer
    expect((await shop.data(before)).map((event) => (event as { shipTo: unknown }).shipTo)).toEqual([
      null,
      null,
      null,
      null,
      'e',
      'f',
      null,
    ]);
  });

  it('begins anew with a stream that is made anew', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'a', customer: await customer(42), lines: [] });
    await manager.delete(Purchase, 1);
    await manager.save(Purchase, { id: 1, shipTo: 'b', lines: [] });
    await manager.update(Purchase, 1, { shipTo: 'c' });
    const wire = await shop.relayed({ filter: { categories: ['purchase'] } });
    expect(subjectsIn(wire, 'shipTo')).toEqual([['customer:42'], undefined, ['purchase:1'], ['purchase:1']]);
  });

  it('gives what a part says to whom it names, and to whom its root does', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, {
      id: 1,
      customer: await customer(42),
      lines: [
        { id: '1a', engraving: 'to Mary', giftFor: 99 },
        { id: '1b', engraving: 'mine' },
      ],
    });
    await manager.update(PurchaseLine, '1a', { engraving: 'to M.' });
    await manager.update(PurchaseLine, '1a', { giftFor: null, engraving: 'to nobody' });
    await manager.update(PurchaseLine, '1a', { engraving: 'mine, too' });
    const wire = await shop.relayed({ filter: { categories: ['purchase'] } });
    const ofLines = wire
      .events()
      .slice(1)
      .map(({ data: { lines } }) =>
        Object.fromEntries(
          Object.entries(lines as Record<string, { engraving: Sealed }>).map(([id, { engraving }]) => [
            id,
            engraving.subjects,
          ]),
        ),
      );
    expect(ofLines).toEqual([
      { '1a': ['customer:42', 'customer:99'] },
      { '1b': ['customer:42'] },
      { '1a': ['customer:42', 'customer:99'] },
      { '1a': ['customer:42', 'customer:99'] },
      { '1a': ['customer:42'] },
    ]);
    await backstory.erasure.eraseSubject('customer:99');
    expect((await shop.data(wire)).slice(1)).toMatchObject([
      { lines: { '1a': { engraving: null } } },
      { lines: { '1b': { engraving: 'mine' } } },
      { lines: { '1a': { engraving: null } } },
      { lines: { '1a': { engraving: null } } },
      { lines: { '1a': { engraving: 'mine, too' } } },
    ]);
  });

  it('needs one query for the subjects and one for the keys of a batch, and none of a stream that says it', async () => {
    const { manager } = people.dataSource;
    await manager.insert(
      Customer,
      Array.from({ length: 30 }, (_, id) => ({ id, name: 'x' })),
    );
    for (let id = 0; id < 30; id++) {
      await manager.save(Purchase, { id, shipTo: 'a', customer: { id }, lines: [] });
      await manager.update(Purchase, id, { shipTo: 'b' });
    }
    await shop.relayed();
    const asked: string[] = [];
    interface Asking {
      query: (config: { text: string }) => Promise<unknown>;
    }
    const { master } = people.dataSource.driver as unknown as { master: EventEmitter };
    const listening = new WeakSet<Asking>();
    master.on('acquire', (client: Asking) => {
      if (listening.has(client)) return;
      listening.add(client);
      const query = client.query.bind(client);
      client.query = (config) => {
        asked.push(config.text);
        return query(config);
      };
    });
    await shop.relayed({ filter: { categories: ['purchase'] } });
    expect(asked.filter((text) => text.includes('subject_keys_of')).length).toBe(1);
    expect(asked.filter((text) => text.includes('named_before')).length).toBe(1);
  });

  it('sends null for what is of an erased subject, in whatever it writes later, and makes no key again', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'Ada!', customer: await customer(42), lines: [] });
    await manager.save(Purchase, { id: 2, shipTo: 'Mary', customer: await customer(7), lines: [] });
    const before = await shop.relayed();
    const [report] = await backstory.erasure.eraseSubject('customer:42', { reason: 'request 7' });
    expect(report?.keysDestroyed).toEqual(['customer:42']);
    expect(JSON.stringify(await shop.data(before))).not.toMatch(/Ada!|name 42/);
    expect(JSON.stringify(await shop.data(before))).toMatch(/Mary[^]*|name 7/);
    await manager.update(Customer, 42, { name: 'Ada! again' });
    await manager.update(Purchase, 1, { shipTo: 'Ada! again' });
    const after = await shop.relayed();
    expect(after.bytes()).not.toContain('Ada!');
    const decrypted = await shop.read(after);
    const ofAda = decrypted.filter(({ event }) => event.type.endsWith('Updated'));
    expect(ofAda.map(({ event, erased }) => [event.data, erased])).toEqual([
      [{ name: null }, ['name']],
      [{ shipTo: null }, ['shipTo']],
    ]);
    expect(JSON.stringify(decrypted)).toContain('Mary');
    expect(
      await people.query(
        `select subject, state, wrapped, key_id from backstory.subject_keys where state = 'erased' order by 1`,
      ),
    ).toEqual([
      { subject: 'customer:42', state: 'erased', wrapped: null, key_id: null },
      { subject: 'purchase:1', state: 'erased', wrapped: null, key_id: null },
    ]);
    expect(
      (await backstory.erasure.eraseSubject('customer:42')).flatMap(({ keysDestroyed }) => keysDestroyed),
    ).toEqual([]);
  });

  it('makes none for a subject that was erased before there were keys', async () => {
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    await people.dataSource.manager.delete(Customer, 42);
    await backstory.erasure.eraseSubject('customer:42');
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    const wire = await shop.relayed();
    expect(wire.events().at(-1)?.data).toMatchObject({ name: null });
    expect(wire.events().at(-1)?.metadata).toContain('"erased":["name","settings"]');
  });

  it('keeps the key where some properties are erased, or nothing is', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada!', email: 'ada@example.org' });
    const wire = await shop.relayed();
    expect((await backstory.erase(Customer, '42', { properties: ['name'] })).keysDestroyed).toEqual([]);
    expect((await backstory.erase(Customer, '42', { dryRun: true })).keysDestroyed).toEqual([]);
    expect(await shop.data(wire)).toMatchObject([{ name: 'Ada!', email: 'ada@example.org' }]);
    expect((await backstory.erase(Customer, '42')).keysDestroyed).toEqual(['customer:42']);
    expect(await shop.data(wire)).toMatchObject([{ name: null, email: null }]);
  });
});
