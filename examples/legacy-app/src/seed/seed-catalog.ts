import type { EntityManager } from 'typeorm';
import { draw, drawText } from './draw.js';

/** SQL for the key of the product with this number; shaped like a random uuid. */
export function productId(number: string): string {
  return `overlay(overlay(md5('product-' || (${number})) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;
}

export async function seedProducts(manager: EntityManager, count: number): Promise<void> {
  await manager.query(
    `INSERT INTO product (
       id, kind, sku, name, price, stock_on_hand, is_active, keywords,
       isbn, pages, warranty_months, specs, "createdAt", "updatedAt")
     SELECT
       ${productId('i')},
       CASE WHEN book THEN 'book' ELSE 'gadget' END,
       CASE WHEN book THEN 'B-' ELSE 'G-' END || lpad(i::text, 6, '0'),
       ${drawText('adjective', 'i', ['Quiet', 'Brisk', 'Golden', 'Folded', 'Émigré'])} || ' ' ||
         CASE WHEN book THEN ${drawText('book', 'i', ['Tales', 'Atlas', 'Letters', 'Primer'])}
              ELSE ${drawText('gadget', 'i', ['Lamp', 'Kettle', 'Radio', 'Router'])} END,
       (100 + ${draw('price', 'i', 19900)}) / 100.0,
       200 + ${draw('stock', 'i', 800)},
       i % 40 > 0,
       CASE WHEN i % 6 = 0 THEN '{}'
            ELSE ARRAY[${drawText('keyword', 'i', ['gift', 'sale', 'new', 'classic'])}, 'with "quotes", and comma'] END,
       CASE WHEN book THEN '978' || lpad(${draw('isbn', 'i', 1000000000)}::text, 10, '0') END,
       CASE WHEN book AND i % 9 > 0 THEN 40 + ${draw('pages', 'i', 900)} END,
       CASE WHEN NOT book THEN 12 * (1 + ${draw('warranty', 'i', 5)}) END,
       CASE WHEN NOT book AND i % 4 > 0
            THEN jsonb_build_object('watts', ${draw('watts', 'i', 3000)} / 10.0, 'colours', jsonb_build_array('red', 'blue')) END,
       timestamptz '2018-01-15 08:00:00.000001+00' + i * interval '26 hours',
       timestamptz '2023-03-01 00:00:00+00' + i * interval '17 seconds 3 microseconds'
     FROM (SELECT i, i % 3 > 0 AS book FROM generate_series(1, $1::int) AS i) AS numbered`,
    [count],
  );
}

export async function seedMovements(manager: EntityManager, count: number, products: number): Promise<void> {
  await manager.query(
    `INSERT INTO stock_movement (id, product_id, delta, reason, moved_at)
     OVERRIDING SYSTEM VALUE
     SELECT
       i,
       ${productId(`1 + ${draw('moved', 'i', '$2::int')}`)},
       ${draw('delta', 'i', 200)} - 60,
       ${drawText('reason', 'i', ['restocked', 'stocktake', 'warehouse feed', 'damaged'])},
       timestamptz '2021-08-01 00:00:00+00' + i * interval '3 hours 1 second' + ${draw('micros', 'i', 1000000)} * interval '1 microsecond'
     FROM generate_series(1, $1::int) AS i`,
    [count, products],
  );
}
