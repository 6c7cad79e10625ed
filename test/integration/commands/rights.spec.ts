import { join } from 'node:path';
import { createBackstory, type Backstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { runCommand } from '../../library/run-command.js';
import { Customer, expectSound, linesOf, openShop, Order, Repriced, type Shop, shopOptions } from './shop.js';

describe('a role that has what npx backstory grants gives', () => {
  const role = `commanding_${process.pid}_${Date.now()}`;
  let shop: Shop;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    shop = await openShop();
    await shop.backstory.backfill();
    await shop.dataSource.query(`create role ${role} login password 'x';
      grant select, insert, update, delete on orders, customer to ${role}`);
    process.env['SHOP_URL'] = shop.url;
    const granted = await runCommand(
      ...['grants', '--app', role, '--apply'],
      ...['--data-source', join(__dirname, 'shop-data-source.ts')],
    );
    expect(granted).toMatchObject({ code: 0, err: '' });
    const url = new URL(shop.url);
    url.username = role;
    url.password = 'x';
    dataSource = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: [Customer, Order],
    }).initialize();
    backstory = await createBackstory(dataSource, { ...shopOptions, install: 'check' });
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await expectSound(shop);
    await shop.dataSource.query(`drop owned by ${role}; drop role ${role}`);
    await shop.close();
  });

  it('handles commands', async () => {
    const count = (commandId?: string): Promise<Order> =>
      backstory.handle(Order, 1, ({ total }) => [new Repriced(total + 1), new Repriced(total + 2)], {
        ...(commandId !== undefined && { commandId }),
      });
    expect(await count()).toMatchObject({ total: 1002 });
    expect(await count('c')).toMatchObject({ total: 1004 });
    expect(await count('c')).toMatchObject({ total: 1004 });
    expect(await backstory.handle(Order, 1, () => [], { checkAlways: true })).toMatchObject({ total: 1004 });
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(4);
  });

  it('and can neither change what ids have come to, nor write events', async () => {
    for (const sql of [
      `insert into backstory.commands (id, category) values ('x', 'order')`,
      `update backstory.commands set stream_position = 1`,
      `delete from backstory.commands`,
      `update backstory.events set data = '{}'`,
    ])
      await expect(dataSource.query(sql)).rejects.toMatchObject({ code: '42501' });
  });
});
