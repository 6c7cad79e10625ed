import { AggregateNotFoundError, WrongExpectedVersionError } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import type { Random } from '../../library/random.js';
import { Basket, type Depot, Item, Parcel } from './parcels.js';

/** What was appended, by the number that each event has in its data. */
export class Appended {
  readonly committed = new Set<number>();
  readonly lost = new Set<number>();

  constructor(private next = 1) {}

  number(): number {
    return this.next++;
  }
}

class Undone extends Error {}

type Source = Pick<Depot, 'dataSource' | 'backstory'>;

/**
 * One transaction of one to five steps: appends, and changes of the same rows by TypeORM, SQL and cascades, some of it in savepoints
 * that are undone. `alone`: nobody else writes, so rows may also go and come.
 */
export async function appendRandomly(
  { dataSource, backstory }: Source,
  random: Random,
  appended: Appended,
  alone: boolean,
): Promise<void> {
  const own = new Set<number>();
  const undo = random.chance(0.15);
  // beside others, rows of one kind and one key, so that no two transactions wait for each other's rows
  const only = alone ? undefined : random.pick(['parcel', 'basket', 'item'] as const);
  const key = random.integer(1, 3);
  try {
    await dataSource.transaction(async (manager) => {
      await steps(manager, own);
      if (undo) throw new Undone();
    });
    for (const number of own) appended.committed.add(number);
  } catch (error) {
    for (const number of own) appended.lost.add(number);
    // two that have expected the same end of a stream
    if (!(error instanceof Undone) && (error as { code?: string }).code !== '40001') throw error;
  }

  async function steps(manager: EntityManager, kept: Set<number>, depth = 0): Promise<void> {
    const id = alone ? random.integer(1, 3) : key;
    for (let left = random.integer(1, 5); left > 0; left--) {
      if (depth === 0 && random.chance(0.15)) {
        const inside = new Set<number>();
        const back = random.chance(0.5);
        await manager
          .transaction(async (nested) => {
            await steps(nested, inside, 1);
            if (back) throw new Undone();
          })
          .then(
            () => inside.forEach((number) => kept.add(number)),
            (error: unknown) => {
              inside.forEach((number) => appended.lost.add(number));
              if (!(error instanceof Undone)) throw error;
            },
          );
        continue;
      }
      await (random.chance(0.5) ? append(manager, kept, id) : write(manager, id));
    }
  }

  async function append(manager: EntityManager, kept: Set<number>, id: number): Promise<void> {
    const targets = [
      ...(only === 'basket' || only === 'item' ? [] : [[Parcel, id] as const]),
      ...(only === 'parcel' ? [] : [[Basket, id] as const]),
      ['newsletter', `week-${random.integer(1, 3)}`] as const,
    ];
    const [target, stream] = random.pick(targets) as (typeof targets)[number];
    const numbers = Array.from({ length: random.integer(1, 3) }, () => appended.number());
    const events = numbers.map((n) => ({ type: 'Noted', data: { n, status: 'forged', items: { 1: null } } }));
    const options = random.chance(0.2) ? { expectedVersion: random.integer(0, 5) } : {};
    try {
      await backstory.append(manager, target, stream, events, options);
      for (const number of numbers) kept.add(number);
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError || error instanceof AggregateNotFoundError))
        throw error;
      for (const number of numbers) appended.lost.add(number);
    }
  }

  async function write(manager: EntityManager, id: number): Promise<void> {
    const changes: (() => Promise<unknown>)[] = [
      ...(alone || only === 'parcel'
        ? [
            () => manager.update(Parcel, { id }, { status: random.pick(['packed', 'sent', 'there']) }),
            () => manager.query(`update parcel set email = email || '.' where id = $1`, [id]),
          ]
        : []),
      ...(alone || only === 'basket'
        ? [() => manager.update(Basket, { id }, { note: `n ${random.integer(0, 99)}` })]
        : []),
      ...(alone || only === 'item'
        ? [
            () =>
              manager.query('update item set quantity = quantity + 1 where "basketId" = $1 and id % 3 = 0', [
                id,
              ]),
          ]
        : []),
      ...(alone
        ? [
            () => manager.delete(Parcel, { id }),
            () => manager.query('insert into parcel (id) values ($1) on conflict do nothing', [id]),
            () => manager.delete(Basket, { id }),
            () => manager.query('insert into basket (id) values ($1) on conflict do nothing', [id]),
            () =>
              manager.query(
                `insert into item (id, "basketId") select 1 + coalesce(max(i.id), 0), b.id from basket b, item i where b.id = $1 group by b.id`,
                [id],
              ),
            () => manager.delete(Item, { basket: { id } }),
          ]
        : []),
    ];
    await random.pick(changes)?.();
  }
}

/** Every event that was committed is there once, none that was undone is, and no stream has a hole. */
export async function expectEachOnce({ dataSource }: Source, { committed, lost }: Appended): Promise<void> {
  const rows: { n: number; times: number }[] = await dataSource.query(
    `select (data ->> 'n')::int as n, count(*)::int as times from backstory.all_events where change = 'n' group by 1`,
  );
  expect(rows.filter(({ times }) => times > 1)).toEqual([]);
  const there = new Set(rows.map(({ n }) => n));
  expect([...committed].filter((n) => !there.has(n))).toEqual([]);
  expect([...there].filter((n) => lost.has(n))).toEqual([]);
  const holes = await dataSource.query(
    `select category, stream_id from backstory.events group by 1, 2
     having count(*) <> max(stream_position) or min(stream_position) <> 1`,
  );
  expect(holes).toEqual([]);
  const disordered = await dataSource.query(
    `select category, stream_id, stream_position from (
       select *, lag(global_position) over (partition by category, stream_id order by stream_position) as before from backstory.events) e
     where before > global_position`,
  );
  expect(disordered).toEqual([]);
}
