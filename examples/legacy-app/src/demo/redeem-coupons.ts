import type { Backstory } from '@backstory/adapter';
import { Coupon } from '../marketing/coupon.entity.js';
import type { RunningShop } from './running-shop.js';
import type { Story } from './story.js';

interface Redemptions {
  commands: number;
  /** By the SQL of placed orders, which is no command yet. */
  orders: number;
  /** By anything else: the path that has become a command has none. */
  others: number;
}

/** Many customers redeem one coupon at once, by a command; beside it placed orders go on counting by SQL. */
export async function redeemCoupons(
  story: Story,
  shop: RunningShop,
  backstory: Backstory,
  since: string,
): Promise<void> {
  const [coupon] = await shop.dataSource
    .getRepository(Coupon)
    .createQueryBuilder('c')
    .where('c.expiresOn > current_date')
    .orderBy('c.code')
    .limit(1)
    .getMany();
  if (!coupon) return;
  const { code } = coupon;
  const end = (await backstory.history('coupon', code, { last: 1 }))[0]?.streamPosition ?? 0;
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      fetch(`${shop.url}/coupons/${encodeURIComponent(code)}/redeem`, {
        method: 'POST',
        headers: { 'x-user': 'command demo' },
      }),
    ),
  );
  const told = (await backstory.history('coupon', code, { after: end })).filter(
    ({ metadata }) => metadata.actor === 'command demo',
  );
  for (const { streamPosition, type, data } of told.slice(0, 1))
    story.say(`coupon-${code}@${streamPosition} ${type} ${JSON.stringify(data)}`);
  const counts = told.map(({ data }) => Number(data['used']));
  const { clean } = await backstory.verify({ aggregates: ['coupon'] });
  story.promise(
    clean &&
      answers.every(({ status }) => status === 200) &&
      told.every(({ type }) => type === 'CouponRedeemed') &&
      new Set(counts).size === 8,
    `8 customers at once: ${told.length} events, each with a count of its own, and verify is clean`,
  );
  await placeOrders(shop);
  const { commands, orders, others } = await redemptions(shop, since);
  const share = (100 * (orders + others)) / Math.max(1, commands + orders + others);
  story.say(
    `Coupons used since then: ${commands} by command, ${orders} by the SQL of placed orders, which stays: ${share.toFixed(0)} % without a command.`,
  );
  story.promise(commands > 0 && others === 0, 'over POST /coupons/:code/redeem, none is without a command');
}

/** Placing an order redeems its coupon by SQL, in the order's transaction. */
async function placeOrders(shop: RunningShop): Promise<void> {
  const couponCode = 'DEMO-ORDERS';
  await fetch(`${shop.url}/coupons/${couponCode}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ discount: '10', expiresOn: '2099-12-31' }),
  });
  const lines = await shop.dataSource.query<{ customerId: number; productId: string }[]>(
    `SELECT c.id AS "customerId", p.id AS "productId"
       FROM (SELECT id FROM customer WHERE deleted_at IS NULL ORDER BY id LIMIT 1) c,
            (SELECT id FROM product WHERE is_active AND stock_on_hand > 0 ORDER BY stock_on_hand DESC, id LIMIT 3) p`,
  );
  for (const { customerId, productId } of lines) {
    const placed = await fetch(`${shop.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ customerId, lines: [{ productId, quantity: 1 }], couponCode }),
    });
    if (!placed.ok) throw new Error(`No order was placed: ${await placed.text()}`);
  }
}

/** Told apart by who wrote what: the order and its coupon are of one request. */
async function redemptions(shop: RunningShop, since: string): Promise<Redemptions> {
  const [row] = await shop.dataSource.query<Redemptions[]>(
    `SELECT count(*) FILTER (WHERE by = 'command')::int AS commands,
            count(*) FILTER (WHERE by IS DISTINCT FROM 'command' AND of_order)::int AS orders,
            count(*) FILTER (WHERE by IS DISTINCT FROM 'command' AND NOT of_order)::int AS others
       FROM (SELECT c.metadata ->> 'origin' AS by, EXISTS (
               SELECT FROM backstory.all_events o
                WHERE o.category = 'order' AND o.global_position > $1 AND o.metadata ->> 'correlationId' = c.metadata ->> 'correlationId'
             ) AS of_order
               FROM backstory.all_events c
              WHERE c.category = 'coupon' AND c.change = 'u' AND c.data::jsonb ? 'used' AND c.global_position > $1) used`,
    [since],
  );
  return row ?? { commands: 0, orders: 0, others: 0 };
}
