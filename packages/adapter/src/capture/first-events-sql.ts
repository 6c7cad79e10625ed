import { quoteLiteral } from '../database/index.js';
import {
  aggregateStateSql,
  type EntityMapping,
  type RowSource,
  schemaVersionSql,
  streamIdSql,
  tableOf,
} from '../mapping/index.js';
import type { StreamTables } from './stream-tables.js';

/** The metadata of a first event for a row that was there before capture. */
export const backfillMetadata = `'{"origin":"backfill"}'::jsonb`;

/**
 * For aggregates that are met for the first time by a trigger: their first events, with all their parts, as they were
 * before the change. `roots` is a relation of the roots' rows; those that have a stream are left alone.
 */
export function firstEventsSql(
  root: EntityMapping,
  { written, visible, column, value }: StreamTables,
  roots: string,
  rowsOf: RowSource = tableOf,
): string {
  const { state, joins } = aggregateStateSql(root, 'backstory_roots', rowsOf);
  const category = quoteLiteral(root.category);
  const withoutStream = (id: string): string =>
    `not exists (select from ${visible} v where v.category = ${category} and v.stream_id = ${id} offset 0)`;
  return `  if exists (select from ${roots} t where ${withoutStream(streamIdSql(root, 't'))}) then
    with backstory_roots as materialized (
      select t.* from ${roots} t where ${withoutStream(streamIdSql(root, 't'))}
    )
    insert into ${written} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(root).column}${column})
    select ${category}, ${streamIdSql(root, 'backstory_roots')}, 1, 'c', ${quoteLiteral(root.eventTypes.imported)}, ${state}, ${backfillMetadata}${schemaVersionSql(root).value}${value}
    from backstory_roots
       ${joins};
  end if;`;
}
