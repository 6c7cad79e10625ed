import { join } from 'node:path';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { runCommand } from '../../library/run-command.js';
import {
  Cart,
  cartEntities,
  cartOptions,
  type Carts,
  expectSoundCarts,
  LineCounted,
  openCarts,
} from './carts.js';

describe('a role that may change lines of a cart, and not the cart', () => {
  const role = `counting_${process.pid}_${Date.now()}`;
  let carts: Carts;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    carts = await openCarts();
    await carts.backstory.backfill();
    await carts.dataSource.query(`create role ${role} login password 'x';
      grant select on cart, line, discount, slip, tag, cart_tags, visit to ${role}; grant update on line to ${role}`);
    process.env['CARTS_URL'] = carts.url;
    const granted = await runCommand(
      ...['grants', '--app', role, '--apply'],
      ...['--data-source', join(__dirname, 'carts-data-source.ts')],
    );
    expect(granted).toMatchObject({ code: 0, err: '' });
    const url = new URL(carts.url);
    url.username = role;
    url.password = 'x';
    dataSource = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: cartEntities,
    }).initialize();
    backstory = await createBackstory(dataSource, { ...cartOptions({}), install: 'check' });
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await expectSoundCarts(carts);
    await carts.dataSource.query(`drop owned by ${role}; drop role ${role}`);
    await carts.close();
  });

  it('handles a command about lines, without a lock on the cart, and hears what it may not', async () => {
    const cart = await backstory.handle(Cart, 1, () => new LineCounted('pen', 9));
    expect(cart.lines[0]).toMatchObject({ sku: 'pen', quantity: 9 });
    const repriced = { type: 'Repriced', data: { total: 1 } };
    await expect(backstory.handle(Cart, 1, () => repriced)).rejects.toThrow(
      'permission denied for table cart',
    );
  });
});
