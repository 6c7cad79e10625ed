import type { EventEmitter } from 'node:events';
import { Customer, type People, Purchase } from '../erasure/people.js';
import { EncryptingPeople, subjectsIn } from './encrypting-people.js';

describe('a relay that encrypts', () => {
  let shop: EncryptingPeople;
  let people: People;

  beforeEach(async () => {
    shop = await EncryptingPeople.open();
    ({ people } = shop);
  });

  afterEach(() => shop.close());

  const customer = async (id: number): Promise<Customer> =>
    people.dataSource.manager.save(Customer, { id, name: `name ${id}` });

  it('looks through a long stream once, however many batches it takes', async () => {
    const { manager } = people.dataSource;
    await manager.save(Purchase, { id: 1, shipTo: 'a', customer: await customer(42), lines: [] });
    for (let n = 0; n < 9; n++) await manager.update(Purchase, 1, { shipTo: `b${n}` });
    await manager.update(Purchase, 1, { customer: await customer(7) });
    for (let n = 0; n < 9; n++) await manager.update(Purchase, 1, { shipTo: `c${n}` });
    const asked: (readonly [first: number, last: number, version: number])[] = [];
    const { master } = people.dataSource.driver as unknown as { master: EventEmitter };
    const listening = new WeakSet<object>();
    master.on('acquire', (client: { query: (config: { text: string; values: unknown[][] }) => unknown }) => {
      if (listening.has(client)) return;
      listening.add(client);
      const query = client.query.bind(client);
      client.query = (config) => {
        if (config.text?.includes('named_before')) {
          const [, , firsts, lasts, , , , , versions] = config.values;
          asked.push(
            [firsts, lasts, versions].map((column) => Number(column?.[0])) as [number, number, number],
          );
        }
        return query(config);
      };
    });
    const wire = await shop.relayed({ filter: { categories: ['purchase'] }, batchSize: 3 });
    expect(asked.length).toBeGreaterThan(5);
    expect(asked[0]?.[2]).toBe(0);
    // -1: nothing before the first position is looked into
    for (const [n, [first, , version]] of asked.slice(1).entries())
      expect([first, version]).toEqual([asked[n]?.[1], -1]);
    expect(subjectsIn(wire, 'shipTo')).toEqual([
      ...Array.from({ length: 10 }, () => ['customer:42']),
      undefined,
      ...Array.from({ length: 9 }, () => ['customer:7']),
    ]);
  });
});
