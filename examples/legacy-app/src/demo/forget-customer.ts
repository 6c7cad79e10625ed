import type { Backstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import type { Story } from './story.js';

/** A customer asks to be forgotten: the shop empties the row, as it would without Backstory, and the events lose the values. */
export async function forgetCustomer(
  story: Story,
  dataSource: DataSource,
  backstory: Backstory,
): Promise<void> {
  const [customer] = await dataSource
    .query<{ id: number; email: string; name: string }[]>(
      `UPDATE customer c SET email = 'forgotten-' || c.id || '@example.invalid', full_name = 'forgotten', date_of_birth = NULL
     FROM (SELECT id, email, full_name FROM customer WHERE date_of_birth IS NOT NULL AND deleted_at IS NULL ORDER BY id LIMIT 1) former
     WHERE c.id = former.id RETURNING c.id, former.email, former.full_name AS name`,
    )
    .then(([rows]) => rows as unknown as { id: number; email: string; name: string }[]);
  if (!customer) return;
  const eventsWith = async (text: string): Promise<number> => {
    const [row] = await dataSource.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM backstory.all_events WHERE strpos(data::text, $1) > 0 AND category = 'customer'`,
      [text],
    );
    return row?.count ?? 0;
  };
  const known = await eventsWith(customer.email);
  const report = await backstory.erase('Customer', String(customer.id), {
    properties: ['email', 'name', 'birthday'],
    by: 'demo',
    reason: 'asked to be forgotten',
  });
  story.say(
    `customer-${customer.id}: ${report.properties.join(', ')} erased from ${report.events} events; ${known} had the address.`,
  );
  const left = await eventsWith(customer.email);
  const { clean } = await backstory.verify({ aggregates: ['customer'] });
  const last = (await backstory.history('Customer', String(customer.id))).find(
    ({ type }) => type === 'CustomerErased',
  );
  story.promise(
    known > 0 && left === 0 && clean && last !== undefined,
    `no event has the address any more, ${last?.type} says who and why, and verify is clean`,
  );
}
