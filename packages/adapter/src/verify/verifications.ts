import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { captureFingerprintSql } from '../stages/index.js';

/**
 * Until when a snapshot that is taken after this will have seen every event that was recorded: a transaction that is writing
 * events now may have recorded some before and commit later, from its start on. Until 1970 where this role may not see that.
 * And until when the last complete verify has, where it is a proof to go on from: it has found nothing, of what is captured now and
 * since that is captured; else null. As text: the session's DateStyle may be any.
 */
export async function lastVerification(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<{ seenUntil: string; since: string | null; begunAt: string }> {
  const table = quoteIdentifier(schema);
  const [row] = await sql.execute<{ seenUntil: string; since: string | null; begunAt: string }>(
    `select to_json(now()) #>> '{}' as "begunAt", to_json(least(now(), (
        select min(coalesce(a.xact_start, to_timestamp(0))) from pg_locks l left join pg_stat_activity a using (pid)
        where l.relation = $2::regclass and l.mode = 'RowExclusiveLock'
      ), (select min(p.prepared) from pg_prepared_xacts p where p.database = current_database()))) #>> '{}' as "seenUntil",
      (select to_json(v.seen_until) #>> '{}' from ${table}.verifications v join ${table}.stages s using (category)
       where v.category = $1 and v.drifted + v.without_event = 0 and v.verified_at >= s.captured_since
         and v.fingerprint = ${captureFingerprintSql(schema, '$1')}) as since`,
    [category, `${table}.events`],
  );
  return row as NonNullable<typeof row>;
}

/** Those that this snapshot sees, as ranges of ids in JSON. */
export async function seenCaptureFailures(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<string> {
  const [row] = await sql.execute<{ seen: string }>(
    `select ${quoteIdentifier(schema)}.seen_capture_failures($1)::text as seen`,
    [category],
  );
  return (row as NonNullable<typeof row>).seen;
}

/**
 * One that has not compared everything says nothing of the rest, but what it has found stands until a complete one. What verify has found before a
 * complete and clean one is settled, and forgotten, as are the failures of capture that its snapshot has seen; what reads have found stays until these are counted anew, for they compare otherwise.
 */
export async function recordVerification(
  sql: SqlExecutor,
  schema: string,
  found: {
    category: string;
    rows: number;
    streams: number;
    drifted: number;
    withoutFirstEvent: number;
    complete: boolean;
  },
  fingerprint: string | null,
  { seenUntil, begunAt, seenFailures }: { seenUntil: string; begunAt: string; seenFailures: string },
): Promise<void> {
  const { category, rows, streams, drifted, withoutFirstEvent, complete } = found;
  const table = `${quoteIdentifier(schema)}.verifications`;
  if (!complete) {
    if (drifted + withoutFirstEvent > 0)
      await sql.execute(
        `update ${table} set drifted = greatest(drifted, $2), without_event = greatest(without_event, $3) where category = $1`,
        [category, drifted, withoutFirstEvent],
      );
    return;
  }
  await sql.execute(
    `insert into ${table} (category, rows_compared, streams_compared, drifted, without_event, fingerprint, verified_at, seen_until)
     values ($1, $2, $3, $4, $5, $6, now(), $7)
     on conflict (category) do update set rows_compared = $2, streams_compared = $3, drifted = $4, without_event = $5,
       fingerprint = $6, verified_at = now(), seen_until = $7`,
    [category, rows, streams, drifted, withoutFirstEvent, fingerprint, seenUntil],
  );
  // What was proven may be read: also parts that are owned since the streams have begun.
  if (drifted + withoutFirstEvent === 0) {
    for (const settled of ['drift_counts where last_found_at', 'drifts where found_at'])
      await sql.execute(
        `delete from ${quoteIdentifier(schema)}.${settled} < $2::timestamptz and category = $1 and found_by = 'verify'`,
        [category, begunAt],
      );
    await sql.execute(
      `select ${quoteIdentifier(schema)}.settle($1, $2) where ${captureFingerprintSql(schema, '$1')} = $2`,
      [category, fingerprint],
    );
    if (seenFailures !== '[]')
      await sql.execute(
        `select ${quoteIdentifier(schema)}.settle_capture_failures($1, $2, $3) where ${captureFingerprintSql(schema, '$1')} = $2`,
        [category, fingerprint, seenFailures],
      );
  }
}
