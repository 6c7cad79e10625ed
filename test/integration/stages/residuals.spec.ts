import type { ResidualOptions, ResidualStatus } from '@backstory/adapter';
import { expectSound, openShop, Order, OrderPaid, Repriced, type Shop } from '../commands/shop.js';

describe('the share of what no command explains', () => {
  let shop: Shop;

  beforeEach(async () => {
    // changes the row of each command beyond its events
    shop = await openShop({
      prepare: `create function stamp() returns trigger language plpgsql as $$ begin
        if new.status = 'paid' and old.status <> 'paid' then new.notes := '{"stamped": true}'; end if; return new; end $$;
        create trigger stamp before update on orders for each row execute function stamp();`,
    });
    await shop.backstory.backfill();
    await shop.backstory.stages.set('order', 'events', { force: true });
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  const residual = async (options?: ResidualOptions): Promise<ResidualStatus | null> =>
    (await shop.backstory.status(options)).find(({ category }) => category === 'order')?.residual ?? null;

  it('is by type and by who wrote it', async () => {
    const { backstory, dataSource } = shop;
    expect(await residual()).toMatchObject({
      explained: 0,
      residual: 0,
      captured: 0,
      sources: [],
      completeSince: null,
    });
    await backstory.runInContext({ actor: 'anna', correlationId: 'r1' }, () =>
      backstory.handle(Order, 1, () => new OrderPaid({ method: 'card' })),
    );
    await backstory.handle(Order, 2, () => [new Repriced(1), new Repriced(2)]);
    await dataSource.transaction((manager) => backstory.append(manager, Order, '3', { type: 'Called' }));
    for (const correlationId of ['r2', 'r3'])
      await backstory.runInContext({ actor: 'nightly job', correlationId }, () =>
        dataSource.manager.update(Order, 3, { notes: { correlationId } }),
      );
    for (const actor of ['7', '8', '9'])
      await backstory.runInContext({ operation: 'POST /orders', actor, correlationId: actor }, () =>
        dataSource.manager.update(Order, 3, { notes: { actor } }),
      );
    await dataSource.query(`delete from orders where id = 3`);
    const found = await residual();
    expect(found).toMatchObject({
      policy: 'allow',
      explained: 4,
      residual: 1,
      captured: 6,
      completeSince: null,
    });
    expect(
      found?.sources.map(({ lastAt, ...source }) => (expect(Date.parse(lastAt)).not.toBeNaN(), source)),
    ).toEqual([
      { type: 'OrderUpdated', origin: 'captured', context: { operation: 'POST /orders' }, events: 3 },
      { type: 'OrderUpdated', origin: 'captured', context: { actor: 'nightly job' }, events: 2 },
      { type: 'OrderDeleted', origin: 'captured', context: {}, events: 1 },
      { type: 'OrderUpdated', origin: 'residual', context: { actor: 'anna' }, events: 1 },
    ]);
    const { aggregates } = await backstory.admin.overview();
    expect(aggregates.find(({ category }) => category === 'order')).toMatchObject({
      residual: { captured: 6 },
    });
    expect((await backstory.admin.aggregate('order')).status.residual).toEqual(found);
  });

  it('is since the stage was entered, or a moment, and says how far back it has looked', async () => {
    const { backstory, dataSource } = shop;
    await dataSource.manager.update(Order, 1, { status: 'a' });
    expect(await residual()).toMatchObject({ captured: 1 });
    await backstory.stages.set('order', 'replay');
    expect(await residual()).toMatchObject({ captured: 0 });
    await dataSource.manager.update(Order, 1, { status: 'b' });
    await backstory.stages.set('order', 'capture');
    expect(await residual()).toBeNull();
    const all = await residual({ since: new Date(0) });
    expect(all).toMatchObject({ captured: 2, explained: 0, completeSince: null, since: new Date(0) });
    const last = await residual({ since: new Date(0), newest: 1 });
    expect(last).toMatchObject({ captured: 1 });
    expect(last?.completeSince).toBeInstanceOf(Date);
    expect(await residual({ newest: 0 })).toBeNull();
    for (const options of [{ newest: -1 }, { newest: 1.5 }, { since: new Date('x') }])
      await expect(backstory.status(options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
