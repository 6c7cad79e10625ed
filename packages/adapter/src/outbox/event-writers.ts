import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';

/**
 * The virtual ids of all transactions that have inserted, or are about to insert, into the events table: whoever draws a
 * position holds a RowExclusiveLock on the table first, and keeps it until its transaction has become visible or is
 * gone. A prepared transaction keeps lock and id. pg_locks needs no privilege, and shows fast-path locks, too.
 */
export async function eventWriters(sql: SqlExecutor, schema: string): Promise<ReadonlySet<string>> {
  const events = quoteLiteral(`${quoteIdentifier(schema)}.events`);
  const rows = await sql.execute<{ writer: string }>(
    `select distinct l.virtualtransaction as writer from pg_locks l
     where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
       and l.relation in (select ${events}::regclass::oid union select relid::oid from pg_partition_tree(${events}::regclass))`,
  );
  return new Set(rows.map(({ writer }) => writer));
}

/** A prepared transaction that was recovered after a crash has another virtual id than before, which begins like this. */
const recovered = '-1/';

/** Whether a writer is a prepared transaction of before the server was recovered. */
export function isRecovered(writer: string): boolean {
  return writer.startsWith(recovered);
}

/** Those of a gap's possible writers that are still there. */
export function writersLeft(before: ReadonlySet<string>, now: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...now].filter((writer) => before.has(writer) || isRecovered(writer)));
}
