import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** After a restore or a logical copy without its sequence, new events would take positions that are taken. */
export async function sequenceBehind(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const events = `${quoteIdentifier(schema)}.events`;
  // to a role that may not look at the sequence it would seem to be at its start, or refuse
  const [row] = await sql.execute<{ newest: string | null; next: string | null; sequence: string }>(
    `select (select max(global_position) from ${events})::text as newest,
            pg_sequence_last_value(s.sequence)::text as next, s.sequence::regclass::text as sequence
     from (select pg_get_serial_sequence($1, 'global_position')::regclass as sequence) s
     where has_sequence_privilege(s.sequence, 'select, usage')`,
    [events],
  );
  if (!row?.newest || BigInt(row.next ?? 0) >= BigInt(row.newest)) return [];
  return [
    {
      severity: 'fault',
      problem: `the sequence of global positions is at ${row.next ?? 'its start'}, behind the newest event at ${row.newest}`,
      remedy: `SELECT setval('${row.sequence}', (SELECT max(global_position) FROM ${events}));`,
    },
  ];
}
