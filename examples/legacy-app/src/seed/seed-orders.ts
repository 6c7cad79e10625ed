import type { EntityManager } from 'typeorm';
import { draw, drawText } from './draw.js';
import { productId } from './seed-catalog.js';

const labels = [
  'gift', 'express', 'fragile', 'wholesale', 'phone order', 'first order', 'birthday', 'returned once',
  'call before delivery', 'fraud check', 'loyal', 'press', 'staff', 'export', 'déjà vu',
]; // prettier-ignore

export async function seedTags(manager: EntityManager): Promise<number> {
  await manager.query(
    `INSERT INTO tag (id, label) SELECT i, label FROM unnest($1::text[]) WITH ORDINALITY AS t (label, i)`,
    [labels],
  );
  return labels.length;
}

export async function seedOrders(manager: EntityManager, count: number, customers: number): Promise<void> {
  await manager.query(
    `INSERT INTO "order" (
       id, number, status, customer_id, "shipToStreet", "shipToCity", "shipToPostalcode", "shipToCountry",
       "placedAt", shipped_at, note, version, "createdAt", "updatedAt")
     SELECT
       i,
       'O-' || lpad(i::text, 8, '0'),
       status,
       customer_id,
       (${draw('door', 'i', 90)} + 1) || ' Mill Lane', 'Porto', '4' || lpad(${draw('zip', 'i', 1000)}::text, 3, '0'), 'PT',
       CASE WHEN status <> 'draft' THEN created + interval '5 minutes 1 microsecond' END,
       CASE WHEN status = 'shipped' THEN created + interval '52 hours' END,
       CASE i % 10 WHEN 0 THEN E'Ring twice.\\nMind the "dog", it''s big \\\\o/ 🐕' WHEN 1 THEN '' END,
       1 + ${draw('saves', 'i', 4)},
       created,
       created + interval '53 hours'
     FROM (
       SELECT
         i,
         1 + ${draw('customer', 'i', '$2::int')} AS customer_id,
         ${drawText('status', 'i', ['draft', 'placed', 'paid', 'shipped', 'shipped', 'shipped', 'shipped', 'cancelled'])}::order_status AS status,
         timestamptz '2021-01-01 00:00:00+00' + (i * (86400000000000 / $1::int)) * interval '1 microsecond' AS created
       FROM generate_series(1, $1::int) AS i
     ) AS drawn`,
    [count, customers],
  );
}

export async function seedLines(manager: EntityManager, products: number): Promise<void> {
  await manager.query(
    `INSERT INTO order_line (id, "orderId", product_id, qty, unit_price)
     SELECT row_number() OVER (ORDER BY chosen.order_id, line), order_id, p.id, 1 + ${draw('qty', "order_id || '-' || line", 5)}, p.price
       FROM (
         SELECT o.id AS order_id, line, ${productId(`1 + (${draw('first', 'o.id', '$1::int')} + 37 * line) % $1::int`)} AS product_id
           FROM "order" o, generate_series(1, 1 + ${draw('lines', 'o.id', 4)}) AS line
       ) AS chosen
       JOIN product p ON p.id = chosen.product_id`,
    [products],
  );
  await manager.query(
    `UPDATE "order" o SET total = l.total
       FROM (SELECT "orderId", sum(qty * unit_price) AS total FROM order_line GROUP BY "orderId") AS l
      WHERE l."orderId" = o.id`,
  );
}

export async function seedOrderTags(manager: EntityManager, tags: number): Promise<void> {
  await manager.query(
    `INSERT INTO order_tags (order_id, tag_id)
     SELECT DISTINCT o.id, 1 + (${draw('tag', 'o.id', '$1::int')} + 4 * n) % $1::int
       FROM "order" o, generate_series(1, ${draw('tags', 'o.id', 4)}) AS n`,
    [tags],
  );
}
