import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { aggregateStateSql, type EntityMapping, schemaVersionSql, streamIdSql } from '../mapping/index.js';

/**
 * The CTE `written`, with a row for each first event that was written. `rows` is what follows FROM, with the table as `t`,
 * and locks FOR NO KEY UPDATE: nobody changes these rows until the transaction ends, while inserts of rows that refer to
 * them go on.
 *
 * Rows that others have locked are to be skipped, not waited for, while other rows are held: who waits for nothing is in
 * no deadlock. A change that was committed between the statement's snapshot and the lock has left a stream behind, also a
 * change of a part; one of a part that is committed later comes behind this event. So what is written is a row that is, with
 * all its parts, as the snapshot has it.
 *
 * ON CONFLICT leaves streams alone that are there already, also those that a write has begun a moment ago. To look for
 * them first would cost every row a second probe of the index, and most rows of a backfill have no stream. Streams whose first events
 * are in the archive have no such conflict: these are looked for, where the category has any. Hold
 * {@link archiveLockSql} in the transaction, from before rows are locked: the archive does it in this order.
 */
export function writeFirstEvents(mapping: EntityMapping, schema: string, rows: string): string {
  const { state, joins } = aggregateStateSql(mapping, 'chunk');
  const name = quoteIdentifier(schema);
  const category = quoteLiteral(mapping.category);
  const streamId = streamIdSql(mapping, 'chunk');
  const archived = `${name}.archived_streams a where a.category = ${category}`;
  // Parts read it again; a row alone is written as it is read, without a stop on the disk.
  const stored = mapping.parts.length > 0 ? `chunk as materialized (select t.* from ${rows}),\n     ` : '';
  return `${stored}written as (
       insert into ${name}.events (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
       select ${category}, ${streamId}, 1, 'c',
              ${quoteLiteral(mapping.eventTypes.imported)}, ${state}, '{"origin":"backfill"}'${schemaVersionSql(mapping).value}
       from ${stored ? 'chunk' : `(select t.* from ${rows}) chunk`} ${joins}
       where not (exists (select from ${archived}) and exists (select from ${archived} and a.stream_id = ${streamId})
         and exists (select from ${name}.events v where v.category = ${category} and v.stream_id = ${streamId}))
       on conflict (category, stream_id, stream_position) do nothing
       returning stream_id, pg_column_size(events.*) as bytes
     )`;
}
