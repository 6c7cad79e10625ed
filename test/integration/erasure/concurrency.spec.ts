import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { Customer, openPeople, type People, Purchase, PurchaseLine } from './people.js';

const seed = seedOfRun();

describe(`erasure beside others, seed ${seed}`, () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
  });

  afterEach(() => people.close());

  it('waits for who has the row, and takes what they have written along', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada' });
    const runner = people.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.update(Customer, 42, { name: 'Ada King' });
    const erasing = people.backstory.erase(Customer, '42');
    await sleep(700);
    await runner.commitTransaction();
    await runner.release();
    expect(await erasing).toMatchObject({ events: 2, position: 3 });
    expect(JSON.stringify(await people.query('select data from backstory.events'))).not.toContain('Ada');
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('fails no write, and no event is lost or out of order', async () => {
    const { manager } = people.dataSource;
    await manager.insert(
      Customer,
      [1, 2, 3].map((id) => ({ id, name: `name ${id}` })),
    );
    await manager.save(
      Purchase,
      [1, 2, 3].map((id) => ({
        id,
        shipTo: 'a',
        customer: { id },
        lines: [{ id: `l${id}`, engraving: 'x' }],
      })),
    );
    let writing = true;
    const writers = Promise.all(
      [1, 2, 3, 4].map(async (writer) => {
        const random = seededRandom(seed + writer);
        for (let n = 0; n < 60; n++) {
          const id = random.integer(1, 3);
          await people.dataSource.transaction(async (own) => {
            const later = `${writer} ${n}`;
            if (random.next() < 0.5) await own.update(PurchaseLine, `l${id}`, { engraving: later });
            if (random.next() < 0.5) await own.update(Customer, id, { name: later });
            if (random.next() < 0.3) await own.update(Purchase, id, { shipTo: later });
            if (random.next() < 0.2)
              await own.insert(PurchaseLine, { id: later, purchase: { id }, engraving: 'new' });
          });
        }
      }),
    ).finally(() => (writing = false));
    const erasers = Promise.all(
      [1, 2].map(async () => {
        for (let id = 1; writing; id = (id % 3) + 1)
          await people.backstory.erasure.eraseSubject(`customer:${id}`);
      }),
    );
    await writers;
    await erasers;
    expect((await people.backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    for (const id of [1, 2, 3]) await people.backstory.erasure.eraseSubject(`customer:${id}`);
    expect(
      await people.query(
        `select 1 from backstory.events where data ->> 'name' is not null or data ->> 'shipTo' is not null or data::text ~ '"engraving":"'`,
      ),
    ).toEqual([]);
    expect((await people.backstory.verify()).clean).toBe(true);
  });

  it('that is killed leaves each stream as it was or erased, and goes on when it is called again', async () => {
    const { manager } = people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada' });
    await manager.insert(
      Purchase,
      Array.from({ length: 400 }, (_, n) => ({ id: n + 1, shipTo: 'Ada', customer: { id: 42 } })),
    );
    let child: ChildProcess | undefined;
    for (let round = 0; round < 2; round++) {
      child = spawn(
        process.execPath,
        [
          '-r',
          join(__dirname, '../../typescript-process.cjs'),
          join(__dirname, 'erasure-process.ts'),
          people.url,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      await sleep(300);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect((await people.backstory.verify()).clean).toBe(true);
      const [halfway] = await people.query<{ streams: string }>(
        `select count(*) as streams from backstory.events e where type = 'PurchaseErased' and exists (
           select from backstory.events o where o.category = e.category and o.stream_id = e.stream_id and o.data ->> 'shipTo' is not null)`,
      );
      expect(halfway?.streams).toBe('0');
    }
    await people.backstory.erasure.eraseSubject('customer:42');
    const [erased] = await people.query<{ events: string; streams: string }>(
      `select count(*) as events, count(distinct stream_id) as streams from backstory.events where type = 'PurchaseErased'`,
    );
    expect(erased).toEqual({ events: '400', streams: '400' });
    expect(await people.query(`select from backstory.events where data::text like '%Ada%'`)).toEqual([]);
    expect((await people.backstory.verify()).clean).toBe(true);
  }, 120_000);
});
