import { join } from 'node:path';
import { runCommand } from '../../library/run-command.js';
import { expectSound, openShop, Order, type Shop } from '../commands/shop.js';

describe('rebuild --table', () => {
  let shop: Shop;
  const run = (...words: string[]): ReturnType<typeof runCommand> =>
    runCommand('rebuild', ...words, '--data-source', join(__dirname, '../commands/shop-data-source.ts'));

  beforeAll(async () => {
    shop = await openShop();
    await shop.backstory.backfill();
    process.env['SHOP_URL'] = shop.url;
  });

  afterAll(() => shop.close());

  it('writes what differs, takes away what has no stream, and proves it', async () => {
    const { dataSource } = shop;
    const before = await dataSource.manager.find(Order, { order: { id: 'ASC' } });
    const runner = dataSource.createQueryRunner();
    await runner.query(`set session_replication_role = replica`);
    await runner.query(`update orders set status = 'behind' where id = 1`);
    await runner.query(`delete from orders where id = 2`);
    await runner.query(`set session_replication_role = origin`);
    await runner.release();
    expect(await run('--table', 'order', '--dry-run')).toMatchObject({
      code: 0,
      out: 'order: rows that would be changed 1, inserted 1, deleted 0\n',
    });
    expect(await run('--table', 'Order')).toMatchObject({
      code: 0,
      out: 'order: rows changed 1, inserted 1, deleted 0\nEvery replay equals its row.\n',
    });
    expect(await dataSource.manager.find(Order, { order: { id: 'ASC' } })).toEqual(before);
    expect(JSON.parse((await run('--table', 'order', '--json')).out)).toMatchObject({
      category: 'order',
      repaired: [],
      clean: true,
    });
    await expectSound(shop);
  });

  it('is of a projection or of a table', async () => {
    for (const words of [[], ['order-totals', '--table', 'order']])
      expect(await run(...words)).toMatchObject({
        code: 1,
        err: expect.stringMatching(
          /a projection (and|nor) a table is named.*\n.*rebuild --table order/,
        ) as string,
      });
    await shop.backstory.stages.set('order', 'off');
    expect(await run('--table', 'order')).toMatchObject({
      code: 1,
      err: expect.stringContaining('"order" is off') as string,
    });
    expect((await run('--table', 'nothing')).err).toContain('There is no captured aggregate "nothing"');
  });
});
