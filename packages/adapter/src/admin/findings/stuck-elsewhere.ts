import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** Projections in other databases that don't get on. Nothing of the log is lost by that. */
export async function stuckElsewhere(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const table = quoteIdentifier(schema);
  const stuck = await sql.execute<{ name: string; place: string; since: Date; error: string }>(
    `select p.name, p.place, min(c.failing_since) as since, min(c.error) as error
     from ${table}.projections p
     join ${table}.consumers c on c.name in (p.name || '@' || p.live, p.name || '@' || p.next)
     where p.place is not null and c.failing_since is not null
     group by p.name, p.place order by p.name`,
  );
  return stuck.map(({ name, place, since, error }) => ({
    severity: 'hint',
    problem: `Projection "${name}" in ${place} has not got on since ${since.toISOString()}: ${error}`,
    remedy: 'npx backstory relay',
  }));
}
