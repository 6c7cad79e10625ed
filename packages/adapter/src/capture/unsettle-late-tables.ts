import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { CaptureState } from './capture-state.js';

/**
 * What was written to a table while it had no trigger is in no stream: rows that statements have put into a partition by its name, changes
 * made while triggers were disabled or dropped, and of a table that was put beneath another those by the name of that one. So where
 * triggers are made for a table that is captured already, reads return the rows of the aggregate as they are until a verify has seen it
 * whole. A trigger of another kind that takes the place of one that has fired leaves no such gap, and a table that was made again is
 * settled for itself.
 */
export async function unsettleLateTables(
  sql: SqlExecutor,
  schema: string,
  { mapping, captured, missing }: CaptureState,
): Promise<void> {
  if (!captured || typeof mapping === 'string' || missing.length === 0) return;
  const triggers = JSON.stringify(missing.map(({ name, table: { oid } }) => ({ oid, name })));
  for (const { category, part, partitions, table } of [mapping, ...mapping.parts]) {
    await sql.execute(
      `update ${quoteIdentifier(schema)}.aggregates set replayed_oid = null
       where category = $1 and part = $2 and replayed_oid = table_oid and exists (
         select from jsonb_to_recordset($3::jsonb) as m (oid oid, name text)
         where m.oid = any ($4::oid[])
           and (pg_relation_size(m.oid) > 0
                or m.oid = table_oid and exists (select from ${quoteIdentifier(schema)}.events e where e.category = $1))
           and (not exists (select from pg_trigger g where g.tgrelid = m.oid and g.tgname = m.name and g.tgenabled in ('O', 'A'))
                or exists (select from pg_inherits i where i.inhrelid = m.oid and i.inhparent <> all ($4::oid[]))))`,
      [category, part?.path ?? '', triggers, [table, ...partitions].map(({ oid }) => oid)],
    );
  }
}
