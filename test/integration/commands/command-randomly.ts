import { BackstoryError, type NamedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import type { Random } from '../../library/random.js';
import { Customer, Order, type Shop } from './shop.js';

/** What commands have counted, by the number that each event has in its data. */
export class Counted {
  readonly committed = new Map<number, number>();
  readonly lost = new Set<number>();

  constructor(private next = 1) {}

  number(): number {
    return this.next++;
  }

  /** Of one order, in its total. */
  of(id: number): number {
    return [...this.committed.values()].filter((order) => order === id).length;
  }
}

class Undone extends Error {}

type Source = Pick<Shop, 'dataSource' | 'backstory'>;

/**
 * One command on an order, with one to four events, each of which raises its total by one: in a transaction of its own, perhaps delivered twice at once, or
 * in one of a caller beside other writes, perhaps rolled back. Or a write without a command, by TypeORM, SQL, or a cascade. `deliver` runs
 * what may be run again under its id.
 */
export async function commandRandomly(
  { dataSource, backstory }: Source,
  random: Random,
  counted: Counted,
  deliver: (work: () => Promise<unknown>) => Promise<unknown> = (work) => work(),
): Promise<void> {
  const id = random.integer(1, 3);
  const numbers = Array.from({ length: random.integer(1, 4) }, () => counted.number());
  const decided = (): NamedEvent[] =>
    numbers.flatMap((number) => [
      { type: 'Counted', data: { number } },
      ...(number % 5 === 0 ? [{ type: 'ReminderSent', data: { number: 0 } }] : []),
      ...(number % 3 === 0 ? [{ type: 'Moved', data: { city: `city ${number % 7}` } }] : []),
    ]);
  const keep = (): void => numbers.forEach((number) => counted.committed.set(number, id));
  const lose = (): void => numbers.forEach((number) => void counted.lost.add(number));
  const commandId = `command ${numbers[0]}`;
  const retries = 1_000;
  if (random.chance(0.4)) return void (await write(dataSource.manager, random, id));
  if (random.chance(0.6)) {
    const times = random.chance(0.3) ? 2 : 1;
    await Promise.all(
      Array.from({ length: times }, () =>
        deliver(() => backstory.handle(Order, id, decided, { commandId, retries })),
      ),
    );
    return keep();
  }
  const undo = random.chance(0.3);
  const before = random.chance(0.5);
  const after = random.chance(0.5);
  await deliver(() =>
    dataSource.transaction(async (manager) => {
      if (before) await write(manager, random, id);
      await backstory.handle(Order, id, decided, { manager, commandId });
      if (after) await write(manager, random, id);
      if (undo) throw new Undone();
    }),
  ).then(keep, (error: unknown) => {
    lose();
    if (!(error instanceof Undone) && !BackstoryError.is(error, 'WRONG_EXPECTED_VERSION')) throw error;
  });
}

/** One that leaves the total alone. */
async function write(manager: EntityManager, random: Random, id: number): Promise<void> {
  const status = `status ${random.integer(1, 9)}`;
  switch (random.integer(1, 4)) {
    case 1:
      return void (await manager.update(Order, id, { status }));
    case 2: {
      const order = await manager.findOneByOrFail(Order, { id });
      return void (await manager.save(Order, { id: order.id, notes: { status } }));
    }
    case 3:
      return void (await manager.query(
        `update orders set status = status || '.', "addressCity" = $2 where id = $1`,
        [id, status],
      ));
    default:
      // its orders lose it by their foreign key
      return void (await manager.transaction(async (within) => {
        await within.query('select from orders where id = $1 for update', [id]);
        const { id: customer } = await within.save(Customer, { name: `c ${random.integer(1, 1e9)}` });
        await within.query('update orders set "customerId" = $2 where id = $1', [id, customer]);
        await within.delete(Customer, customer);
      }));
  }
}

/** Each event of a command is there once, none of what was undone, and each total has what was counted. */
export async function expectEachOnce(
  { dataSource }: Source,
  counted: Counted,
  start: ReadonlyMap<number, number>,
): Promise<void> {
  const events = await dataSource.query<{ number: number; stream: number }[]>(
    `select (data -> '$event' ->> 'number')::int as number, stream_id::int as stream from backstory.events where type = 'Counted'`,
  );
  const found = new Map(events.map(({ number, stream }) => [number, stream]));
  expect(events).toHaveLength(found.size);
  expect([...found].sort(([a], [b]) => a - b)).toEqual([...counted.committed].sort(([a], [b]) => a - b));
  for (const number of counted.lost) expect(found.has(number)).toBe(false);
  for (const { id, total } of await dataSource.manager.find(Order))
    expect([id, total - (start.get(id) ?? 0)]).toEqual([id, counted.of(id)]);
  const holes = await dataSource.query(
    `select stream_id from backstory.events where category = 'order' group by stream_id having max(stream_position) <> count(*) or min(stream_position) <> 1`,
  );
  expect(holes).toEqual([]);
}
