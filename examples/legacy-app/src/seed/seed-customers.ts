import type { EntityManager } from 'typeorm';
import { draw, drawText } from './draw.js';

const given = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Zoë', 'Łukasz', 'Søren', 'Nguyễn', 'Siobhán', '美咲'];
const family = ["O'Brien", 'Müller', 'da Silva', 'Smith-Jones', 'Ivanova', 'van den Berg', '田中', 'Ünal'];
const cities = ['Lisbon', 'Zürich', 'Kraków', 'São Paulo', 'Oslo', "Xi'an"];

export async function seedCustomers(manager: EntityManager, count: number): Promise<void> {
  await manager.query(
    `INSERT INTO customer (
       id, email, full_name,
       "billingStreet", "billingCity", "billingPostalcode", "billingCountry",
       "shippingStreet", "shippingCity", "shippingPostalcode", "shippingCountry",
       loyalty_points, preferences, date_of_birth, created_at, updated_at, version, deleted_at)
     SELECT
       i,
       'customer-' || i || '@example.com',
       ${drawText('given', 'i', given)} || ' ' || ${drawText('family', 'i', family)},
       CASE WHEN i % 7 > 0 THEN ${draw('house', 'i', 200)} + 1 || ' High Street' END,
       CASE WHEN i % 7 > 0 THEN ${drawText('city', 'i', cities)} END,
       CASE WHEN i % 7 > 1 THEN lpad(${draw('postcode', 'i', 100000)}::text, 5, '0') END,
       CASE WHEN i % 7 > 0 THEN ${drawText('country', 'i', ['PT', 'CH', 'PL', 'BR', 'NO', 'CN'])} END,
       CASE WHEN i % 3 = 0 THEN ${draw('unit', 'i', 50)} + 1 || ' Harbour Road' END,
       CASE WHEN i % 3 = 0 THEN ${drawText('harbour', 'i', cities)} END,
       NULL,
       CASE WHEN i % 3 = 0 THEN ${drawText('coast', 'i', ['PT', 'NO'])} END,
       CASE WHEN i % 1000 = 0 THEN 9007199254740993 ELSE ${draw('points', 'i', 5000)} END,
       CASE i % 4
         WHEN 0 THEN '{}'::jsonb
         WHEN 1 THEN jsonb_build_object('newsletter', i % 8 = 1, 'language', ${drawText('language', 'i', ['en', 'pt', 'de'])})
         WHEN 2 THEN jsonb_build_object('theme', NULL, 'sizes', jsonb_build_array(i, i / 2.0, 'XL'))
         ELSE jsonb_build_object('quoted', E'it''s "so"\\\\', 'nested', jsonb_build_object('depth', 2))
       END,
       CASE WHEN i % 5 > 0 THEN date '1940-01-01' + ${draw('birthday', 'i', 24000)} END,
       timestamp '2018-02-01' + i * interval '9 hours 7 seconds' + i * interval '13 microseconds',
       timestamp '2023-01-01' + i * interval '61 seconds',
       1 + ${draw('version', 'i', 6)},
       CASE WHEN i % 50 = 0 THEN timestamptz '2023-06-01 00:00:00+00' + i * interval '1 minute' END
     FROM generate_series(1, $1::int) AS i`,
    [count],
  );
}
