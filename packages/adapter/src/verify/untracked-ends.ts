import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** What was deleted for one reason without an event for each, on purpose. */
export interface UntrackedDeletions {
  readonly reason: string;
  /** How many times somebody has. */
  readonly times: number;
  /** Streams that have ended so, also if they have begun anew since. */
  readonly streams: number;
  readonly lastAt: Date;
}

/** Whether streams of a category have ended without an event of their own. */
export async function hasUntrackedEnds(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
): Promise<boolean> {
  const [row] = await sql.execute<{ some: boolean }>(
    `select exists (select from ${quoteIdentifier(schema)}.untracked_ends where category = $1) as some`,
    [category],
  );
  return (row as { some: boolean }).some;
}

/** By their reasons, the latest first. */
export function readUntracked(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
): Promise<UntrackedDeletions[]> {
  return sql.execute<UntrackedDeletions>(
    `select w.reason, count(*)::float8 as times, sum(w.deleted)::float8 as streams, max(w.began_at) as "lastAt"
     from ${quoteIdentifier(schema)}.untracked_work w where w.category = $1 and w.deleted > 0
     group by w.reason order by max(w.began_at) desc`,
    [category],
  );
}
