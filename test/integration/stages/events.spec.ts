import { type Backstory, ResidualRefusedError, StageRefusedError } from '@backstory/adapter';
import { expectSound, linesOf, openShop, Order, OrderPaid, type Shop } from '../commands/shop.js';

const paid = (): OrderPaid => new OrderPaid({ method: 'card' });

/** Proven, read and verified again: as far as a stage may be moved without force. */
async function bringToReplay({ backstory, dataSource }: Shop): Promise<void> {
  await backstory.backfill();
  await backstory.verify();
  await backstory.stages.set('order', 'shadow');
  for (let read = 0; read < 5; read++) {
    await dataSource.manager.find(Order);
    await backstory.shadowSettled();
  }
  await backstory.stages.set('order', 'replay');
}

async function reasonsAgainst(backstory: Backstory): Promise<readonly string[]> {
  const error = await backstory.stages.set('order', 'events').then(
    () => undefined,
    (thrown: unknown) => thrown as StageRefusedError,
  );
  return error?.reasons ?? [];
}

describe('the stage events', () => {
  let shop: Shop;

  const open = async (prepare = ''): Promise<void> => {
    shop = await openShop({ prepare });
    await bringToReplay(shop);
  };

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  it('comes after replay of all streams, and a clean verify since', async () => {
    shop = await openShop();
    const { backstory, dataSource } = shop;
    expect(await reasonsAgainst(backstory)).toEqual([
      'its backfill is not complete (run "npx backstory backfill order")',
      'it has not been verified since capture began (run "npx backstory verify order")',
      'replay of all its streams comes first (run "npx backstory stage order replay")',
    ]);
    await bringToReplay(shop);
    await backstory.stages.set('order', 'replay', { percent: 50 });
    expect(await reasonsAgainst(backstory)).toEqual([
      'replay of all its streams comes first (run "npx backstory stage order replay")',
    ]);
    await backstory.stages.set('order', 'replay');
    expect(await reasonsAgainst(backstory)).toEqual([
      'it has not been verified since it moved to replay (run "npx backstory verify order")',
    ]);
    await backstory.verify();
    expect(await backstory.stages.nextSteps(['order'])).toMatchObject([{ next: 'events', reasons: [] }]);
    expect(await backstory.stages.set('order', 'events')).toMatchObject({
      from: 'replay',
      to: 'events',
      percent: 100,
      residual: 'allow',
      forced: false,
    });
    expect(await backstory.stages.nextSteps(['order'])).toMatchObject([
      { stage: 'events', percent: 100, next: null, reasons: [] },
    ]);
    expect(await backstory.handle(Order, 1, paid)).toMatchObject({ status: 'paid' });
    await dataSource.manager.update(Order, 1, { status: 'new' });
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(2);
    for (const to of ['replay', 'shadow', 'capture'] as const)
      expect(await backstory.stages.set('order', to)).toMatchObject({ to, forced: false, residual: null });
  });

  it('replays what is read', async () => {
    await open();
    const { backstory, dataSource } = shop;
    await backstory.stages.set('order', 'events', { force: true });
    const runner = dataSource.createQueryRunner();
    await runner.query(`set session_replication_role = replica`);
    await runner.query(`update orders set status = 'behind' where id = 1`);
    expect(await dataSource.manager.findOneBy(Order, { id: 1 })).toMatchObject({ status: 'new' });
    await runner.query(`update orders set status = 'new' where id = 1`);
    await runner.query(`set session_replication_role = origin`);
    await runner.release();
  });

  it('refuses what no command explains, and says which way there is', async () => {
    await open();
    const { backstory, dataSource } = shop;
    await backstory.stages.set('order', 'events', { residual: 'refuse', force: true });
    const { manager } = dataSource;
    const refused = async (write: () => Promise<unknown>, stream: string): Promise<void> => {
      const error = await write().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: '23001', constraint: 'backstory_residual', table: 'orders' });
      const known = ResidualRefusedError.of(error);
      expect(known).toMatchObject({ code: 'RESIDUAL_REFUSED', category: 'order', streamId: stream });
      expect(known?.message).toMatch(/"order" is changed by its commands only/);
      expect(known?.remedy).toMatch(/backstory\.handle\(\).*stage order events --residual allow/);
    };
    await refused(() => manager.update(Order, 1, { status: 'paid' }), '1');
    await refused(() => manager.save(Order, { id: 9, status: 'x', notes: {}, address: { city: null } }), '9');
    await refused(() => manager.delete(Order, 2), '2');
    await refused(() => manager.query(`truncate orders`), '1');
    await refused(() => manager.query(`update orders set id = 77 where id = 1`), '1');
    await refused(() => manager.query(`delete from customer`), '1');
    // what changes nothing that is captured, and no row
    await manager.query(`update orders set status = status`);
    await manager.query(`delete from orders where id = 4711`);
    await manager.query(`insert into orders (id, version) select 5, 1 where false`);
    await manager.query(
      `insert into customer (name) values ('nobody''s'); delete from customer where name = 'nobody''s'`,
    );
    const before = await linesOf(backstory, 'order', '1');
    expect(await backstory.handle(Order, 1, paid)).toMatchObject({ status: 'paid' });
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(before.length + 1);
    await backstory.stages.set('order', 'events', { residual: 'allow' });
    await manager.update(Order, 1, { status: 'again' });
  });
});
