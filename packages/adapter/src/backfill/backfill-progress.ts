import { type Database, quoteTable, sqlState } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/** How far the backfill of one category is. */
export interface BackfillProgress {
  readonly category: string;
  readonly rows: number;
  /** Rows in the table: exact for small tables, PostgreSQL's estimate for large ones. */
  readonly total: number;
  readonly events: number;
  readonly rowsPerSecond: number;
  /** Undefined until a rate is known. */
  readonly secondsLeft: number | undefined;
  readonly completed: boolean;
  /** What it waits for just now: a lock, a throttle, somebody who has paused it. */
  readonly waitingFor?: string;
}

/** Counting is exact up to this many rows (a few milliseconds), above it the planner's estimate is taken; with a condition always. */
const exactUpTo = 100_000;

export async function countRows(
  database: Database,
  mapping: EntityMapping,
  condition?: string,
): Promise<number> {
  const [{ estimate }] = (await database.execute<{ estimate: number }>(
    `select greatest(reltuples, 0)::float8 as estimate from pg_class where oid = $1`,
    [mapping.table.oid],
  )) as [{ estimate: number }];
  if (estimate > exactUpTo && !condition) return estimate;
  const count = database.snapshot((sql) =>
    sql.execute<{ total: number }>(
      `select count(*)::float8 as total from ${quoteTable(mapping.table)} t ${condition ? `where (${condition})` : ''}`,
    ),
  );
  const counted = await count.catch((error: unknown) => {
    // it takes longer than statement_timeout allows: no reason not to begin
    if (sqlState(error) === '57014') return [{ total: estimate }];
    return refuseCondition(error);
  });
  return (counted as [{ total: number }])[0].total;
}

/** What PostgreSQL says of a condition that it can't read (SQLSTATE class 42, or a value of class 22) is the user's to hear. */
function refuseCondition(error: unknown): never {
  if (!/^(?:42|22)/.test(sqlState(error) ?? '') || sqlState(error) === '42501') throw error;
  throw new InvalidOptionsError(
    `"where" is no condition that holds for this table: ${(error as Error).message}.`,
    "Write SQL with the table's columns, not the entity's properties: t.created_at > now() - interval '1 year'.",
  );
}
