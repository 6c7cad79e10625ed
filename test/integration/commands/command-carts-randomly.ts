import type { NamedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import type { Random } from '../../library/random.js';
import { Cart, type Carts, Discount, Line } from './carts.js';
import type { Counted } from './command-randomly.js';

/** Triggers of an application that change rows of the same aggregate along, again, and with the row. */
export const cartTriggers = `
  do $$ begin
    execute (select format('alter table discount drop constraint %I', conname) from pg_constraint where conrelid = 'discount'::regclass and contype = 'f');
  end $$;
  alter table discount add foreign key ("lineId") references line on delete cascade;
  create function along() returns trigger language plpgsql as $$
  begin
    if new.quantity % 7 = 0 then new.sku := new.sku || '.'; end if;
    return new;
  end $$;
  create trigger along before update on line for each row execute function along();
  create function again() returns trigger language plpgsql as $$
  begin
    if pg_trigger_depth() < 2 and new.quantity % 5 = 0 then
      update line set quantity = quantity + 1 where id = new.id;
      update cart set status = 'recounted ' || new.quantity where id = new."cartId";
      insert into discount values (new.id, 'again', 1) on conflict do nothing;
    end if;
    return null;
  end $$;
  create trigger again after insert or update on line for each row execute function again();`;

class Undone extends Error {}

/** Each counts one, and does something to the parts that its number says. */
export function countedInCart(cart: Cart, { number }: { number: number }): void {
  cart.total += 1;
  const [line] = cart.lines;
  const sku = `s${number % 4}`;
  const found = cart.lines.find((each) => each.sku === sku);
  if (number % 6 === 0 && line) cart.lines = cart.lines.filter((each) => each !== line);
  else if (number % 6 === 1 && line)
    line.discounts = [Object.assign(new Discount(), { code: 'one', amount: `${number % 9}` })];
  else if (number % 6 === 2) cart.tags = cart.tags.length > 0 ? [] : [{ code: 'b', label: '' }];
  else if (found) found.quantity += 1;
  else
    cart.lines.push(
      Object.assign(new Line(), {
        sku,
        quantity: number % 11,
        discounts: [Object.assign(new Discount(), { code: 'new', amount: '1' })],
      }),
    );
}

/**
 * One command on a cart, with one to three events, perhaps its end; in a transaction of its own, perhaps delivered twice at once, or in one of a caller beside other
 * writes, perhaps rolled back. Or a write without a command. A cart that has ended is created anew. `deliver` runs what may be run again under its id.
 */
export async function commandCartsRandomly(
  { dataSource, backstory }: Pick<Carts, 'dataSource' | 'backstory'>,
  random: Random,
  counted: Counted,
  deliver: (work: () => Promise<unknown>) => Promise<unknown> = (work) => work(),
): Promise<void> {
  const id = random.integer(1, 3);
  const numbers = Array.from({ length: random.integer(1, 3) }, () => counted.number());
  const ends = random.chance(0.08);
  const decided = (): NamedEvent[] => [
    ...numbers.map((number) => ({ type: 'CountedInCart', data: { number } })),
    ...(numbers[0]! % 5 === 0 ? [{ type: 'ReminderSent', data: {} }] : []),
    ...(ends ? [{ type: 'CartDropped', data: {} }] : []),
  ];
  const keep = (): void => numbers.forEach((number) => counted.committed.set(number, id));
  const lose = (error: unknown): void => {
    numbers.forEach((number) => void counted.lost.add(number));
    if (!(error instanceof Undone) && !isForgiven(error)) throw error;
  };
  const commandId = `command ${numbers[0]}`;
  if (random.chance(0.4)) {
    await write(dataSource.manager, random, id).catch((error: unknown) => {
      if (!isForgiven(error)) throw error;
    });
  } else if (random.chance(0.6)) {
    const times = random.chance(0.3) ? 2 : 1;
    const deliveries = await Promise.allSettled(
      Array.from({ length: times }, () =>
        deliver(() => backstory.handle(Cart, id, decided, { commandId, retries: 1_000 })),
      ),
    );
    // one may have met a cart that has ended, and the other one that was created anew
    if (deliveries.some(({ status }) => status === 'fulfilled')) keep();
    else for (const each of deliveries) if (each.status === 'rejected') lose(each.reason);
  } else {
    const [before, after, undo] = [random.chance(0.5), random.chance(0.5), random.chance(0.3)];
    await deliver(() =>
      dataSource.transaction(async (manager) => {
        if (before) await write(manager, random, id);
        await backstory.handle(Cart, id, decided, { manager, commandId });
        if (after) await write(manager, random, id);
        if (undo) throw new Undone();
      }),
    ).then(keep, lose);
  }
  if (await dataSource.manager.existsBy(Cart, { id })) return;
  await backstory
    .create(Cart, () => [{ type: 'Reopened', data: { id } }])
    .catch((error: unknown) => {
      if (!isForgiven(error)) throw error;
    });
}

/** One that leaves the total alone. */
async function write(manager: EntityManager, random: Random, id: number): Promise<void> {
  const sku = `w${random.integer(1, 5)}`;
  switch (random.integer(1, 5)) {
    case 1:
      return void (await manager.update(Cart, id, { status: `status ${random.integer(1, 9)}` }));
    case 2: {
      const line = await manager.findOneBy(Line, { cart: { id } });
      return void (line && (await manager.save(Line, { id: line.id, quantity: random.integer(1, 30) })));
    }
    case 3:
      return void (await manager.query(`update line set quantity = quantity + 1 where "cartId" = $1`, [id]));
    case 4:
      return void (await manager.query(
        `insert into line (sku, quantity, "cartId", version) values ($1, $2, $3, 1) on conflict do nothing`,
        [sku, random.integer(1, 9), id],
      ));
    default:
      // its discounts go with it by their foreign key
      return void (await manager.query(
        `delete from line where id = (select id from line where "cartId" = $1 order by id limit 1)`,
        [id],
      ));
  }
}

/** Overtaken, in a circle, or about a cart or a line that somebody else has ended or added meanwhile: TypeORM then inserts what it was to change. */
function isForgiven(error: unknown): boolean {
  const { code } = error as { code?: string };
  return [
    '40001',
    '40P01',
    '23502',
    '23502',
    '23503',
    '23505',
    'AGGREGATE_NOT_FOUND',
    'WRONG_EXPECTED_VERSION',
    'CONSTRAINT_VIOLATED',
  ].includes(code ?? '');
}

/** Each event of a command is there once, none of what was undone, and each total has what was counted since the cart was created. */
export async function expectEachOnceInCarts(
  { dataSource, backstory }: Pick<Carts, 'dataSource' | 'backstory'>,
  counted: Counted,
): Promise<void> {
  const events = await dataSource.query<{ number: number; stream: number }[]>(
    `select (coalesce(data -> '$event', data) ->> 'number')::int as number, stream_id::int as stream from backstory.events where type = 'CountedInCart'`,
  );
  const found = new Map(events.map(({ number, stream }) => [number, stream]));
  expect(events).toHaveLength(found.size);
  expect([...found].sort(([a], [b]) => a - b)).toEqual([...counted.committed].sort(([a], [b]) => a - b));
  for (const { id, total } of await dataSource.manager.find(Cart)) {
    const history = await backstory.history('cart', String(id));
    const born = history.findLastIndex(({ change }) => change === 'created');
    const since = history.slice(born).filter(({ type }) => type === 'CountedInCart');
    expect([id, total]).toEqual([id, Number(history[born]?.data['total']) + since.length]);
  }
  const doubled = await dataSource.query(`select id from backstory.commands group by id having count(*) > 1`);
  expect(doubled).toEqual([]);
}
