import type { Backstory } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type ChannelModel, connect } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { billShippedOrders } from '../../../examples/legacy-app/src/recipes/order-events/bill-shipped-orders.js';
import { ShopWithRecipesModule } from '../../../examples/legacy-app/src/recipes/shop-with-recipes.module.js';
import { placeOrder } from '../../../examples/legacy-app/test/made-up.js';
import { createFreshShop, type Shop } from '../../../examples/legacy-app/test/shop.js';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { describeWithRabbitMq, startRabbitMq } from '../../brokers/start-rabbitmq.js';

describeWithRabbitMq('orders whose events go to RabbitMQ', () => {
  let broker: BrokerServer;
  let shop: Shop;
  let database: TestDatabase;
  let billing: DataSource;
  let connection: ChannelModel | undefined;

  beforeAll(async () => {
    broker = await startRabbitMq();
    process.env.RABBITMQ_URL = broker.url;
    shop = await createFreshShop({ rootModule: ShopWithRecipesModule });
    delete process.env.RABBITMQ_URL;
    database = await createTestDatabase();
    billing = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    await receive();
  }, 200_000);

  afterAll(async () => {
    await connection?.close();
    await shop?.close();
    await billing?.destroy();
    await database?.drop();
    await broker?.stop();
  });

  async function receive(): Promise<void> {
    connection = await connect(broker.url);
    connection.on('error', () => undefined); // the broker crashes
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await billShippedOrders(channel, billing);
  }

  async function shipped(): Promise<number> {
    const { id } = await placeOrder(shop);
    await shop.http.post(`/orders/${id}/pay`).expect(200);
    await shop.http.post(`/orders/${id}/ship`).expect(200);
    return id;
  }

  /** When everything that was committed has been published and handled, also what came twice. */
  async function invoices(count: number): Promise<{ stream: string; shipped_at: Date }[]> {
    const read = () => billing.query<{ stream: string; shipped_at: Date }[]>('select * from invoice');
    await shop.app.get<Backstory>(BACKSTORY).consumers.wait('order-events', undefined, { timeoutMs: 60_000 });
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      if ((await read()).length >= count) break;
      await sleep(50);
    }
    await sleep(500);
    return read();
  }

  it('are billed once each, with the time that the event has', async () => {
    const ids = [await shipped(), await shipped()];
    const rows = await invoices(2);
    expect(rows.map(({ stream }) => stream).sort()).toEqual(ids.map((id) => `order-${id}`).sort());
    const { body } = await shop.http.get(`/orders/${ids[0]}`);
    const first = rows.find(({ stream }) => stream === `order-${ids[0]}`);
    expect(first?.shipped_at.toISOString()).toBe((body as { shippedAt: string }).shippedAt);
  });

  it('are not published where their transaction is rolled back', async () => {
    const { id } = await placeOrder(shop);
    await shop.http.post(`/orders/${id}/pay`).expect(200);
    await shop.dataSource
      .transaction(async (manager) => {
        await manager.query(`update "order" set status = 'shipped', shipped_at = now() where id = $1`, [id]);
        throw new Error('no');
      })
      .catch(() => undefined);
    const other = await shipped();
    const rows = await invoices(3);
    expect(rows.map(({ stream }) => stream)).toContain(`order-${other}`);
    expect(rows.map(({ stream }) => stream)).not.toContain(`order-${id}`);
  });

  it('are shipped while the broker is away, and billed once each when it is back', async () => {
    const before = (await invoices(3)).length;
    const ids: number[] = [];
    for (let n = 0; n < 5; n++) ids.push(await shipped());
    await broker.crash(); // with messages under way
    connection = undefined;
    for (let n = 0; n < 5; n++) ids.push(await shipped());
    await broker.start();
    await receive();
    const rows = await invoices(before + ids.length);
    const streams = rows.map(({ stream }) => stream);
    expect(streams).toHaveLength(before + ids.length);
    expect(new Set(streams).size).toBe(streams.length);
    for (const id of ids) expect(streams).toContain(`order-${id}`);
  }, 200_000);
});
