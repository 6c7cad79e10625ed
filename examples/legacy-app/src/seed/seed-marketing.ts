import type { EntityManager } from 'typeorm';
import { draw, drawText } from './draw.js';
import { productId } from './seed-catalog.js';

export async function seedCoupons(manager: EntityManager, count: number): Promise<void> {
  await manager.query(
    `INSERT INTO coupon (code, discount, used_count, expires_on)
     SELECT
       'SAVE-' || lpad(i::text, 3, '0'),
       (100 + ${draw('discount', 'i', 4900)}) / 100.0,
       ${draw('used', 'i', 300)},
       CASE WHEN i % 5 = 0 THEN date '2022-12-31' ELSE date '2099-12-31' END
     FROM generate_series(1, $1::int) AS i`,
    [count],
  );
}

export async function seedReviews(
  manager: EntityManager,
  count: number,
  products: number,
  customers: number,
): Promise<void> {
  await manager.query(
    `INSERT INTO review (product_id, customer_id, rating, text)
     SELECT
       ${productId(`1 + ${draw('reviewed', 'i', '$2::int')}`)},
       1 + ${draw('reviewer', 'i', '$3::int')},
       1 + ${draw('rating', 'i', 5)},
       ${drawText('review', 'i', ['', 'Does what it says.', 'Not for me ☹', 'It\'s "fine"; 100% as described'])}
     FROM generate_series(1, $1::int) AS i
     ON CONFLICT DO NOTHING`,
    [count, products, customers],
  );
}

export async function seedJobs(manager: EntityManager, count: number): Promise<void> {
  await manager.query(
    `INSERT INTO job_records (id, payload, state, created_at)
     SELECT md5('job-' || i)::uuid, json_build_object('job', 'send-mail', 'number', i),
            ${drawText('state', 'i', ['waiting', 'done', 'failed'])},
            timestamptz '2023-09-01 00:00:00+00' + i * interval '1 minute'
       FROM generate_series(1, $1::int) AS i`,
    [count],
  );
}
