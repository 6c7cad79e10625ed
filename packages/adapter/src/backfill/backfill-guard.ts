import { quoteIdentifier } from '../database/index.js';
import { isReadFromEvents, type StageGuard } from '../stages/index.js';
import { completeBackfillsSql } from './complete-backfills.js';

/**
 * Nothing is read from events before every row has its first event. Parts that came into the aggregate since are not its
 * business: a backfill leaves streams alone that are there, so verify finds them, and repair gives them their events.
 */
export const backfillComplete: StageGuard = async (sql, schema, categories, to) => {
  if (!isReadFromEvents(to)) return new Map();
  const table = quoteIdentifier(schema);
  const incomplete = await sql.execute<{ category: string; remade: boolean }>(
    `select named.category, coalesce(b.completed_at is not null and a.table_oid <> b.table_oid, false) as remade
     from unnest($1::text[]) named (category)
     left join ${table}.backfills b using (category)
     left join ${table}.aggregates a on a.category = named.category and a.part = ''
     where named.category not in (${completeBackfillsSql(schema)})`,
    [categories],
  );
  return new Map(
    incomplete.map(({ category, remade }) => [
      category,
      [
        `its backfill ${remade ? 'was of a table that was made again since' : 'is not complete'} (run "npx backstory backfill ${category}")`,
      ],
    ]),
  );
};
