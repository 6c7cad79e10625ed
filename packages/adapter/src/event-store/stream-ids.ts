import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/**
 * The next ids of a category's streams in their order, byte by byte; the first ones without `after`, because a text key may
 * be empty and nothing comes before that. One probe of the index for each id, however long the streams are: with
 * "distinct … limit" a table without statistics is read to its end for every page.
 */
export async function streamIdsBehind(
  sql: SqlExecutor,
  schema: string,
  category: string,
  after: string | undefined,
  limit: number,
): Promise<string[]> {
  const nextId = (condition: string): string =>
    `select e.stream_id from ${quoteIdentifier(schema)}.events e
     where e.category = $1 ${condition} order by e.stream_id limit 1`;
  const rows = await sql.execute<{ id: string }>(
    `with recursive ids (id, nth) as (
       select (${nextId(after === undefined ? '' : 'and e.stream_id > $2')}), 1
       union all
       select (${nextId('and e.stream_id > p.id')}), p.nth + 1 from ids p where p.id is not null and p.nth < ${limit}
     )
     select i.id from ids i where i.id is not null order by i.nth`,
    after === undefined ? [category] : [category, after],
  );
  return rows.map(({ id }) => id);
}
