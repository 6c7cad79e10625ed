import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Rows with `after < key <= until`, each key as text by column; null where there is no bound. */
export interface KeyRange {
  readonly after: readonly string[] | null;
  readonly until: readonly string[] | null;
}

/** So many keys are looked at to find the bounds. */
const sampledKeys = 20_000;

/** Disjoint ranges of keys, together all, of about as many rows each: found from a sample of the table's pages. */
export async function keyRanges(
  sql: SqlExecutor,
  mapping: EntityMapping,
  count: number,
  rows: number,
): Promise<KeyRange[]> {
  if (count === 1) return [{ after: null, until: null }];
  const key = mapping.key.map(({ column }) => quoteIdentifier(column));
  const percent = Math.min(100, (100 * sampledKeys) / Math.max(1, rows));
  const found = await sql.execute<{ last: string[] }>(
    `select jsonb_build_array(${key.map((column) => `${column}::text`).join(', ')}) as last
     from (
       select distinct on (part) part, ${key.join(', ')}
       from (select ${key.join(', ')}, ntile($1) over (order by ${key.join(', ')}) as part
             from ${quoteTable(mapping.table)} tablesample system ($2)) sampled
       order by part, ${key.map((column) => `${column} desc`).join(', ')}
     ) bounds
     order by part limit $1 - 1`,
    [count, percent],
  );
  const bounds = found.map(({ last }) => last);
  return [null, ...bounds].map((after, index) => ({ after, until: bounds[index] ?? null }));
}
