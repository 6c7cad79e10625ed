import { quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

export interface TriggerState {
  readonly category: string;
  /** Quoted, with its schema. */
  readonly table: string;
  readonly trigger: string;
  /** `overtaken`: it is the application's own and fires before ours. */
  readonly state: 'in place' | 'disabled' | 'missing' | 'overtaken';
}

const ours = ['00_backstory_insert', '00_backstory_update', '00_backstory_delete', '00_backstory_truncate'];

/** The triggers that capture needs on each table and partition, and those of the application that come before them. One query. */
export async function captureTriggers(
  sql: SqlExecutor,
  aggregates: readonly EntityMapping[],
): Promise<TriggerState[]> {
  const tables = aggregates
    .flatMap((root) => [root, ...root.parts])
    .flatMap(({ category, table, partitions }) =>
      [table, ...partitions].map(({ schema, name }) => ({ category, schema, name })),
    );
  const rows = await sql.execute<{
    category: string;
    schema: string;
    name: string;
    trigger: string;
    state: TriggerState['state'];
  }>(
    `with tables as (
       select w.category, w.schema, w.name, c.oid
       from jsonb_to_recordset($1::jsonb) as w (category text, schema text, name text)
       join pg_namespace n on n.nspname = w.schema join pg_class c on c.relnamespace = n.oid and c.relname = w.name)
     select t.category, t.schema, t.name, o.trigger,
            case when g.oid is null then 'missing' when g.tgenabled in ('D', 'R') then 'disabled' else 'in place' end as state
     from tables t cross join unnest($2::text[]) as o (trigger)
     left join pg_trigger g on g.tgrelid = t.oid and g.tgname = o.trigger
     union all
     select t.category, t.schema, t.name, g.tgname, 'overtaken'
     from tables t join pg_trigger g on g.tgrelid = t.oid
     where not g.tgisinternal and g.tgtype & 66 = 0 and g.tgtype & 1 = 1
       and g.tgname::text collate "C" < '00_backstory_'`,
    [JSON.stringify(tables), ours],
  );
  return rows.map(({ schema, name, ...row }) => ({ ...row, table: quoteTable({ schema, name }) }));
}
