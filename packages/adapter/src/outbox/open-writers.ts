import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';

/**
 * The virtual ids of all transactions that have inserted, or are about to insert, into the events table, each with the id of its
 * transaction where the snapshot of `sql` sees that at work. A lock alone doesn't tell: a transaction becomes visible before its locks are gone.
 */
export async function openWriters(
  sql: SqlExecutor,
  schema: string,
): Promise<ReadonlyMap<string, string | undefined>> {
  const events = quoteLiteral(`${quoteIdentifier(schema)}.events`);
  // the ids of locks have no epoch
  const rows = await sql.execute<{ writer: string; transaction: string | null }>(
    `with at_work as materialized (
       select id::text as id, (id::text::numeric % 4294967296)::bigint as short from pg_snapshot_xip(pg_current_snapshot()) id),
     locks as materialized (select * from pg_locks where granted)
     select l.virtualtransaction as writer, min(a.id) as transaction from locks l
     left join locks t on t.virtualtransaction = l.virtualtransaction and t.locktype = 'transactionid' and t.mode = 'ExclusiveLock'
     left join at_work a on a.short = t.transactionid::text::bigint
     where l.locktype = 'relation' and l.mode = 'RowExclusiveLock'
       and l.database = (select oid from pg_database where datname = current_database())
       and l.relation in (select ${events}::regclass::oid union select relid::oid from pg_partition_tree(${events}::regclass))
     group by l.virtualtransaction`,
  );
  return new Map(rows.map(({ writer, transaction }) => [writer, transaction ?? undefined]));
}
