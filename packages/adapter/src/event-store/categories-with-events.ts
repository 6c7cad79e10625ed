import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** Where events say what was deleted without events of its own: of no aggregate, and no topic. Its streams are called as categories are. */
export const untrackedCategory = '$untracked';

/** The categories that events are stored under, also archived ones, in order; not what is Backstory's own. One probe of the index for each, however long the log is. */
export async function categoriesWithEvents(sql: SqlExecutor, schema: string): Promise<string[]> {
  const first = (table: string, behind = ''): string =>
    `(select e.category from ${quoteIdentifier(schema)}.${table} e ${behind} order by e.category limit 1)`;
  const all = (table: string): string =>
    `(with recursive c (category) as (
       select ${first(table)}
       union all
       select ${first(table, 'where e.category > c.category')} from c where c.category is not null
     ) select category from c where category is not null)`;
  const rows = await sql.execute<{ category: string }>(
    `select category from (${all('events')} union ${all('archived_events')}) x order by category collate "C"`,
  );
  return rows.map(({ category }) => category).filter((category) => category !== untrackedCategory);
}
