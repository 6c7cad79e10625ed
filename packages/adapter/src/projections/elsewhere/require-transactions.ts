import { InvalidOptionsError } from '../../errors.js';
import { generationTable } from '../projection-definition.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';
import type { TargetSession } from './target-database.js';

/** MySQL and MariaDB have tables that no transaction takes back: events would count twice there. @throws InvalidOptionsError */
export async function requireTransactions(
  session: TargetSession,
  { target, definition, generation }: GenerationElsewhere,
): Promise<void> {
  if (target.dialect !== 'mysql') return;
  for (const table of definition.tables ?? []) {
    const name = generationTable(table, generation);
    const [found] = await session.execute<{ engine: string | null; transactions: string | null }>(
      `select t.engine as "engine", e.transactions as "transactions" from information_schema.tables t
       left join information_schema.engines e on e.engine = t.engine
       where t.table_schema = database() and t.table_name = ?`,
      [name],
    );
    if (!found || found.transactions === 'YES') continue;
    throw new InvalidOptionsError(
      `Table ${name} of projection "${definition.name}" in ${target.place} is of engine ${found.engine ?? 'unknown'}, which knows no transactions: after a crash events would have been counted twice.`,
      'Create it with "engine = InnoDB".',
    );
  }
}
