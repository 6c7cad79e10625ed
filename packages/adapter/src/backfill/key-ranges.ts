import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Rows with `after < key <= until`, each key as text by column; null where there is no bound. */
export interface KeyRange {
  readonly after: readonly string[] | null;
  readonly until: readonly string[] | null;
}

/** The row's key behind `alias`, each column as text. */
export function keyTextsSql({ key }: EntityMapping, alias: string): string {
  return `jsonb_build_array(${key.map(({ column }) => `${alias}.${quoteIdentifier(column)}::text`).join(', ')})`;
}

/**
 * A condition for the rows `t` of a range, with parameters numbered from `first`. Of a key of several columns the first
 * one is compared on its own, too: by that the planner sees that a range has few rows.
 */
export function betweenKeys(
  { key }: EntityMapping,
  { after, until }: KeyRange,
  first: number,
): { where: string; values: readonly string[] } {
  const row = (terms: readonly string[]): string =>
    terms.length > 1 ? `(${terms.join(', ')})` : (terms[0] as string);
  const columns = key.map(({ column }) => `t.${quoteIdentifier(column)}`);
  const compare = (operator: '>' | '<=', from: number): string[] => {
    const bound = key.map(({ sqlType }, index) => `$${from + index}::text::${sqlType}`);
    const whole = `${row(columns)} ${operator} ${row(bound)}`;
    if (key.length === 1) return [whole];
    return [whole, `${columns[0]} ${operator === '>' ? '>=' : '<='} ${bound[0]}`];
  };
  const conditions = [
    ...(after ? compare('>', first) : []),
    ...(until ? compare('<=', first + (after?.length ?? 0)) : []),
  ];
  return { where: conditions.join(' and ') || 'true', values: [...(after ?? []), ...(until ?? [])] };
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
    `select ${keyTextsSql(mapping, 'bounds')} as last
     from (
       select distinct on (backstory_part) backstory_part, ${key.join(', ')}
       from (select ${key.join(', ')}, ntile($1) over (order by ${key.join(', ')}) as backstory_part
             from ${quoteTable(mapping.table)} tablesample system ($2)) sampled
       order by backstory_part, ${key.map((column) => `${column} desc`).join(', ')}
     ) bounds
     order by backstory_part limit $1 - 1`,
    [count, percent],
  );
  const bounds = found.map(({ last }) => last);
  return [null, ...bounds].map((after, index) => ({ after, until: bounds[index] ?? null }));
}
