import { aggregate, type Finding, ResidualRefusedError, syncCapture } from '@backstory/adapter';
import {
  Called,
  Customer,
  evolveOrder,
  expectSound,
  linesOf,
  openShop,
  Order,
  OrderPaid,
  Repriced,
  type Shop,
} from '../commands/shop.js';

const paid = (): OrderPaid => new OrderPaid({ method: 'card' });

const trigger = (name: string, when: string, body: string, forEach = 'row'): string => `
  create function ${name}() returns trigger language plpgsql as $$ begin ${body} end $$;
  create trigger ${name} ${when} for each ${forEach} execute function ${name}();`;

/** What is wrong with the set-up, without what was proven. */
const faultsOf = async ({ backstory }: Shop): Promise<Finding[]> =>
  (await backstory.doctor()).filter(({ proof }) => !proof);

const refusal = { code: 'RESIDUAL_REFUSED', name: 'ResidualRefusedError' };
const refusedSql = { code: '23001', constraint: 'backstory_residual' };

describe('an aggregate that takes commands only', () => {
  let shop: Shop;

  const open = async (prepare = ''): Promise<void> => {
    const evolve = {
      ...evolveOrder,
      OrderPlaced: (order: Order, { id }: { id: number }) => void (order.id = id),
    };
    shop = await openShop({
      prepare,
      options: { aggregates: ['all', aggregate(Order, { evolve, category: 'order' })] },
    });
    await shop.backstory.backfill();
    await shop.backstory.stages.set('order', 'events', { force: true, residual: 'refuse' });
  };

  const lines = (): Promise<string[]> => linesOf(shop.backstory, 'order', '1');

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  it('lets a command change and create, once more and with an id', async () => {
    await open();
    const { backstory } = shop;
    await backstory.handle(Order, 1, paid, { commandId: 'a' });
    await backstory.handle(Order, 1, paid, { commandId: 'a' });
    await backstory.handle(Order, 1, () => [new Repriced(1), { type: 'ReminderSent' }, new Repriced(2)]);
    await backstory.handle(Order, 1, () => ({ type: 'ReminderSent' }));
    await backstory.create(Customer, () => new Called('x')).catch(() => undefined);
    expect((await lines()).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '2 updated OrderPaid',
      '3 updated Repriced',
      '4 none ReminderSent',
      '5 updated Repriced',
      '6 none ReminderSent',
    ]);
  });

  it.each([
    [
      'before the row is written',
      trigger('t', 'before update on orders', `new.total := new.total + 1; return new;`),
    ],
    [
      'again, for each row',
      trigger(
        't',
        'after update on orders',
        `if pg_trigger_depth() < 2 then update orders set total = total + 1 where id = new.id; end if; return null;`,
      ),
    ],
    [
      'again, for each statement',
      trigger(
        't',
        'after update on orders',
        `if pg_trigger_depth() < 2 then update orders set total = total + 1 where id = 1; end if; return null;`,
        'statement',
      ),
    ],
  ])('lets its triggers change the row of the command %s', async (_, prepare) => {
    await open(prepare);
    expect(await shop.backstory.handle(Order, 1, paid)).toMatchObject({ status: 'paid', total: 1100 });
    expect((await lines()).map((line) => line.slice(2)).sort()).toEqual([
      'updated OrderPaid {"$event":{"method":"card"},"status":"paid"}',
      'updated OrderUpdated {"total":"11.00"}',
    ]);
  });

  it('lets a trigger change a row that a command has created', async () => {
    await open(
      trigger('t', 'after insert on orders', `update orders set total = 7 where id = new.id; return null;`),
    );
    const create = (id: number): Promise<Order> =>
      shop.backstory.create(Order, () => ({ type: 'OrderPlaced', data: { id } }));
    expect(await create(50)).toMatchObject({ id: 50, total: 700 });
    expect(await linesOf(shop.backstory, 'order', '50', 0)).toHaveLength(2);
  });

  it('refuses what its triggers do to other rows, and with it the command', async () => {
    await open(
      trigger(
        't',
        'after update on orders',
        `update orders set total = 0 where id = new.id + 1; return null;`,
      ),
    );
    const error: unknown = await shop.backstory.handle(Order, 1, paid).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResidualRefusedError);
    expect(error).toMatchObject({ ...refusal, category: 'order', streamId: '2' });
    expect(await lines()).toEqual([]);
  });

  it('refuses what commands and writes of other aggregates do to it', async () => {
    await open(
      trigger(
        't',
        'after update on customer',
        `update orders set total = 0 where "customerId" = new.id; return null;`,
      ),
    );
    const { backstory, dataSource } = shop;
    await expect(backstory.handle(Customer, 1, () => new Called('x'))).rejects.toMatchObject(refusal);
    await expect(dataSource.manager.update(Customer, 1, { name: 'x' })).rejects.toMatchObject(refusedSql);
    // of nobody's orders
    await dataSource.query(`delete from customer where id = 2`);
    await expect(dataSource.query(`delete from customer where id = 1`)).rejects.toMatchObject(refusedSql);
  });

  it('takes no announcement of one row for another', async () => {
    await open();
    const { dataSource } = shop;
    const forged = `/*backstory {"scope":"a","$events":[{"aggregate":"order","type":"OrderPaid","scope":"a","on":"updated","id":"1","announced":{"expected":null,"events":[{"type":"OrderPaid","data":{},"names":["status"]}]}}]}*/`;
    await expect(dataSource.query(`${forged} update orders set status = 'x'`)).rejects.toMatchObject(
      refusedSql,
    );
    await expect(dataSource.query(`${forged} delete from orders`)).rejects.toMatchObject(refusedSql);
    await expect(
      dataSource.query(`/*backstory {"$events":"x"}*/ update orders set status = 'x'`),
    ).rejects.toMatchObject(refusedSql);
    await expect(
      dataSource.query(`/*backstory {"$events":[7]}*/ update orders set status = 'x'`),
    ).rejects.toMatchObject(refusedSql);
  });

  it('is proven as before, and stays closed when a migration changes its table', async () => {
    await open();
    const { backstory, dataSource } = shop;
    const verified = async (): Promise<unknown> =>
      (await backstory.status()).find(({ category }) => category === 'order')?.verified?.outdated;
    await backstory.verify();
    expect(await verified()).toBe(false);
    await backstory.stages.set('order', 'events', { residual: 'allow' });
    await backstory.stages.set('order', 'events', { residual: 'refuse' });
    expect(await verified()).toBe(false);
    await dataSource.query(
      `alter table orders rename column notes to remarks; alter table orders rename column remarks to notes`,
    );
    await dataSource.query(
      `alter table orders alter column notes set not null, alter column total type numeric(12, 2)`,
    );
    await dataSource.transaction((manager) =>
      syncCapture(manager.queryRunner as NonNullable<typeof manager.queryRunner>),
    );
    await expect(dataSource.query(`update orders set status = 'x'`)).rejects.toMatchObject(refusedSql);
    expect(await faultsOf(shop)).toEqual([]);
  });

  it('can be repaired, from either side', async () => {
    await open();
    const { backstory, dataSource } = shop;
    const tamper = async (): Promise<void> => {
      const runner = dataSource.createQueryRunner();
      await runner.query(`set session_replication_role = replica`);
      await runner.query(`update orders set status = 'behind' where id = 1`);
      await runner.query(`set session_replication_role = origin`);
      await runner.release();
    };
    await tamper();
    await backstory.repair({ aggregates: ['order'], truth: 'events' });
    expect(await dataSource.query(`select status from orders where id = 1`)).toEqual([{ status: 'new' }]);
    await tamper();
    await backstory.repair({ aggregates: ['order'] });
    expect(await backstory.load(Order, '1')).toMatchObject({ status: 'behind' });
  });

  it('lets others write again at once, whichever way it is told', async () => {
    await open();
    const { backstory, dataSource } = shop;
    const functions = async (): Promise<boolean> =>
      (
        await dataSource.query<{ asks: boolean }[]>(
          `select bool_or(prosrc like '%refuses_residual%') as asks from pg_proc where proname like 'capture\\_order%'`,
        )
      )[0]?.asks ?? false;
    const write = (): Promise<unknown> => dataSource.query(`update orders set total = total + 1`);
    expect(await functions()).toBe(true);
    for (const back of [
      () => backstory.stages.set('order', 'events', { residual: 'allow' }),
      () => backstory.stages.set('order', 'replay'),
      () => backstory.stages.set('order', 'capture'),
      () => backstory.stages.set('order', 'off'),
    ]) {
      await expect(write()).rejects.toMatchObject(refusedSql);
      await back();
      await write();
      expect(await functions()).toBe(false);
      await backstory.stages.set('order', 'events', { force: true, residual: 'refuse' });
      expect(await functions()).toBe(true);
    }
    const history = await backstory.stages.history('order');
    expect(history.slice(-3)).toMatchObject([
      { to: 'events', residual: 'refuse' },
      { to: 'off', residual: null },
      { to: 'events', residual: 'refuse' },
    ]);
    // what was written in off
    await backstory.repair();
  });

  it('neither waits for transactions that are open, nor lets them wait', async () => {
    await open();
    const { backstory, dataSource } = shop;
    await backstory.stages.set('order', 'events', { residual: 'allow' });
    await dataSource.transaction(async (manager) => {
      await manager.update(Order, 1, { status: 'open' });
      await manager.query(`lock table orders in row exclusive mode`);
      await backstory.stages.set('order', 'events', { residual: 'refuse' });
      // others, and the open one itself
      await expect(dataSource.manager.update(Order, 2, { status: 'x' })).rejects.toMatchObject(refusedSql);
      await manager.query('savepoint s');
      await expect(manager.update(Order, 1, { status: 'x' })).rejects.toMatchObject(refusedSql);
      await manager.query('rollback to savepoint s');
      await backstory.stages.set('order', 'events', { residual: 'allow' });
      await manager.update(Order, 1, { status: 'again' });
    });
    expect(await lines()).toEqual([
      '2 updated OrderUpdated {"status":"open"}',
      '3 updated OrderUpdated {"status":"again"}',
    ]);
  });

  it('is told what to refuse, or says what is wrong with it', async () => {
    await open();
    const { backstory } = shop;
    const set = (
      ...[to, residual]: [Parameters<typeof backstory.stages.set>[1], unknown]
    ): Promise<unknown> => backstory.stages.set('order', to, { residual: residual as 'allow', force: true });
    for (const wrong of ['deny', { refuse: [] }, { refuse: [7] }, {}, null])
      await expect(set('events', wrong)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(set('events', { refuse: ['nobody_of_this_name'] })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/no role "nobody_of_this_name"/) as string,
    });
    await expect(set('replay', 'refuse')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await backstory.stages.set('order', 'events', { residual: 'allow', dryRun: true })).toMatchObject({
      residual: 'allow',
    });
    // what isn't said stays as it is
    expect(await backstory.stages.set('order', 'events')).toMatchObject({ residual: 'refuse' });
  });

  it('says so where an older version has made its functions anew', async () => {
    await open();
    const { backstory, dataSource } = shop;
    await dataSource.query(
      `update backstory.aggregates set installed_at = installed_at + interval '1 ms' where category = 'order'`,
    );
    expect(await faultsOf(shop)).toMatchObject([
      { severity: 'fault', aggregate: 'order', remedy: 'npx backstory install' },
    ]);
    await backstory.install();
    expect(await faultsOf(shop)).toEqual([]);
    await expect(dataSource.query(`update orders set status = 'x'`)).rejects.toMatchObject(refusedSql);
  });
});
