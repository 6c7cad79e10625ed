import { setTimeout as sleep } from 'node:timers/promises';
import { WrongExpectedVersionError } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import {
  Cart,
  CartDropped,
  cartLines,
  type Carts,
  expectSoundCarts,
  Line,
  LineAdded,
  LineCounted,
  LineTaken,
  openCarts,
} from './carts.js';

const whole = {
  relations: { lines: { discounts: true }, slip: true, tags: true },
  order: { lines: { id: 'ASC' } },
} as const;

describe('a command on an aggregate with parts, beside others', () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts();
    await carts.backstory.backfill();
  });

  afterEach(async () => {
    await expectSoundCarts(carts);
    await carts.close();
  });

  const find = (id: number): Promise<Cart> =>
    carts.dataSource.manager.findOneOrFail(Cart, { where: { id }, ...whole });

  it('is decided anew when somebody else has changed another part of it meanwhile', async () => {
    const { backstory, dataSource } = carts;
    let asked = 0;
    const cart = await backstory.handle(Cart, 1, async ({ lines }) => {
      if (asked++ < 2) await dataSource.query(`update line set quantity = quantity + 1 where id = 1`);
      return new LineCounted('ink', (lines[0]?.quantity ?? 0) + 10);
    });
    expect(asked).toBe(3);
    expect(cart.lines.map(({ quantity }) => quantity)).toEqual([3, 13]);
    const never = backstory.handle(
      Cart,
      1,
      async () => {
        await dataSource.query(`update line set quantity = quantity + 1 where id = 1`);
        return new LineCounted('ink', 0);
      },
      { retries: 1 },
    );
    await expect(never).rejects.toThrow(/decided 2 times/);
  });

  it.each([
    ['a line only', new LineCounted('pen', 5)],
    ['its end', new CartDropped('empty')],
  ])('waits for the root before it holds any part: %s', async (_name, event) => {
    const { backstory, dataSource } = carts;
    let command: Promise<Cart> | undefined;
    // as a command does that changes the root, and then its lines
    await dataSource.transaction(async (manager) => {
      await manager.query('update cart set total = total + 1 where id = 1');
      command = backstory.handle(Cart, 1, () => event);
      await somebodyWaits(dataSource);
      await manager.query(`set local lock_timeout = '5s'`);
      await manager.query('update line set quantity = quantity + 1 where "cartId" = 1');
      await manager.query('update discount set amount = 2 where "lineId" = 1');
    });
    expect(await command).toBeInstanceOf(Cart);
    expect((await cartLines(backstory, 1)).map((line) => line.split(' ')[2])).toEqual([
      'CartUpdated',
      'LineUpdated',
      'LineUpdated',
      'DiscountUpdated',
      event.constructor.name,
    ]);
  });

  it('is decided anew, and not refused, where a constraint has met what was decided too late', async () => {
    const { backstory, dataSource } = carts;
    let asked = 0;
    const cart = await backstory.handle(Cart, 1, async ({ lines }) => {
      if (asked++ === 0)
        await dataSource.query(`insert into line (sku, "cartId", version) values ('cap', 1, 1)`);
      return lines.some(({ sku }) => sku === 'cap') ? new LineCounted('cap', 5) : new LineAdded('cap', 4);
    });
    expect(asked).toBe(2);
    expect(cart.lines.at(-1)).toMatchObject({ sku: 'cap', quantity: 5 });
    const refused = backstory.handle(Cart, 1, () => new LineAdded('ink'));
    await expect(refused).rejects.toMatchObject({
      code: 'CONSTRAINT_VIOLATED',
      kind: 'unique',
      properties: ['lines.cart.id', 'lines.sku'],
    });
    const taken = new Error('taken');
    await expect(
      backstory.handle(Cart, 1, () => new LineAdded('ink'), { refusals: { 'lines.sku': () => taken } }),
    ).rejects.toBe(taken);
  });

  it('in the transaction of the caller sees what that has written, and goes with it', async () => {
    const { backstory, dataSource } = carts;
    const work = (fail: boolean): Promise<void> =>
      dataSource.transaction(async (manager) => {
        await manager.update(Line, 2, { quantity: 7 });
        await backstory.handle(
          Cart,
          1,
          ({ lines }) => new LineCounted('pen', (lines[1]?.quantity ?? 0) + 1),
          { manager },
        );
        await backstory.append(manager, Cart, '1', { type: 'Looked' });
        const cart = await backstory.handle(
          Cart,
          1,
          ({ lines }) => [new LineCounted('ink', (lines[0]?.quantity ?? 0) + 1), new LineTaken('pen')],
          { manager },
        );
        expect(cart.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([['ink', 9]]);
        await manager.update(Cart, 1, { status: 'seen' });
        if (fail) throw new Error('no');
      });
    await expect(work(true)).rejects.toThrow('no');
    expect(await cartLines(backstory, 1)).toEqual([]);
    await work(false);
    expect((await cartLines(backstory, 1)).map((line) => line.split(' {')[0])).toEqual([
      '2 updated LineUpdated',
      '3 updated LineCounted',
      '4 none Looked',
      '5 updated LineCounted',
      '6 updated LineTaken',
      '7 updated CartUpdated',
    ]);
  });

  it('in the transaction of the caller fails at its commit, where somebody was faster', async () => {
    const { backstory, dataSource } = carts;
    const overtaken = dataSource.transaction(async (manager) => {
      await backstory.handle(Cart, 1, () => new LineCounted('pen', 5), { manager });
      await dataSource.query(`update line set quantity = 8 where id = 2`);
    });
    await expect(overtaken).rejects.toMatchObject({ code: '40001' });
    const stale = dataSource.transaction((manager) =>
      backstory.handle(
        Cart,
        1,
        async () => {
          await dataSource.query(`update line set quantity = 9 where id = 2`);
          return new LineCounted('pen', 5);
        },
        { manager },
      ),
    );
    await expect(stale).rejects.toThrow(WrongExpectedVersionError);
    expect((await find(1)).lines.map(({ quantity }) => quantity)).toEqual([1, 9]);
  });

  it('is checked without an event only where that is asked for', async () => {
    const { backstory, dataSource } = carts;
    let asked = 0;
    const meanwhile = async (): Promise<void> => {
      if (asked++ === 0) await dataSource.query(`update line set quantity = quantity + 1 where id = 1`);
    };
    await backstory.handle(Cart, 1, meanwhile);
    expect(asked).toBe(1);
    asked = 0;
    await backstory.handle(Cart, 1, meanwhile, { checkAlways: true });
    expect(asked).toBe(2);
  });

  it('with an id is handled once, by eight at once, and gives what it has come to', async () => {
    const { backstory } = carts;
    const add = (): Promise<Cart> =>
      backstory.handle(Cart, 1, () => new LineAdded('cap', 4), { commandId: 'm1', retries: 100 });
    const given = await Promise.all(Array.from({ length: 8 }, add));
    for (const cart of given) expect(cart.lines.map(({ sku }) => sku)).toEqual(['pen', 'ink', 'cap']);
    await backstory.handle(Cart, 1, () => new LineTaken('cap'));
    expect((await add()).lines.map(({ sku }) => sku)).toEqual(['pen', 'ink', 'cap']);
    expect(await cartLines(backstory, 1)).toHaveLength(2);
  });

  it('by eight at once has each effect once', async () => {
    const { backstory } = carts;
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let turn = 0; turn < 3; turn++)
          await backstory.handle(
            Cart,
            1,
            ({ lines }) =>
              new LineCounted(
                writer % 2 ? 'pen' : 'ink',
                lines.reduce((sum, { quantity }) => sum + quantity, 1),
              ),
            { retries: 500 },
          );
      }),
    );
    const counted = await backstory.history('cart', '1', { after: 1 });
    expect(counted).toHaveLength(24);
    // each was decided on what all before it have left
    const [pen, ink] = [[1], [2]] as [number[], number[]];
    for (const { data } of counted) {
      const { sku, quantity } = data['$event'] as LineCounted;
      expect(quantity).toBe(pen.at(-1)! + ink.at(-1)! + 1);
      (sku === 'pen' ? pen : ink).push(quantity);
    }
  });

  it.each(['serializable', 'immediate'])(
    'is refused in a transaction that numbers at once: %s',
    async (how) => {
      const { backstory, dataSource } = carts;
      const refused = dataSource.transaction(
        how === 'serializable' ? 'SERIALIZABLE' : 'READ COMMITTED',
        async (manager) => {
          if (how === 'immediate') await manager.query('set constraints all immediate');
          await backstory.handle(Cart, 1, () => new LineCounted('pen', 5), { manager });
        },
      );
      await expect(refused).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
      await dataSource.transaction('REPEATABLE READ', (manager) =>
        backstory.handle(Cart, 1, () => new LineCounted('pen', 5), { manager }),
      );
    },
  );
});

async function somebodyWaits({ manager }: DataSource): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`;
  while ((await manager.query<unknown[]>(waiting)).length === 0) await sleep(20);
}
