import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, schemaVersionSql } from '../mapping/index.js';
import type { ErasedValues } from '../replay/index.js';
import type { MovedStream } from './delivered-ends.js';

/** SQL: where the states of streams `m`, with their `id`, come from. */
export interface StatesSource {
  readonly before: string;
  /** Joins `c` with the `state`, to which `m` is known. */
  readonly joins: string;
  /** An array of the marks of values that are erased. */
  readonly marks: string;
  /** Of parameters from $5 on. */
  readonly values: readonly unknown[];
}

/**
 * Puts a stand-in with the whole state at the place of the last event of each of some streams, whose events have been moved: the
 * event that they can be replayed from, as from the first event of a row that was there before. It has the positions and the
 * time of the event that it stands for, so that consumers that are past it don't get it, and new ones do. What was erased of the
 * stream stays so, whatever the row has.
 */
export async function writeStandIns(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streams: readonly MovedStream[],
  metadata: object,
  erased: ReadonlyMap<string, ErasedValues>,
  { before, joins, marks, values }: StatesSource,
): Promise<void> {
  if (streams.length === 0) return;
  const name = quoteIdentifier(schema);
  const { column, value } = schemaVersionSql(mapping);
  await sql.execute(
    `${before}
     insert into ${name}.events (category, stream_id, stream_position, global_position, recorded_at, change, type, data, metadata${column})
     overriding system value
     select l.category, l.stream_id, l.stream_position, l.global_position, l.recorded_at, 'c', ${quoteLiteral(mapping.eventTypes.imported)},
       ${name}.redacted(c.state, m.erased), ${name}.with_marks($3, ${marks})${value}
     from unnest($1::text[], $2::bigint[], $4::jsonb[]) m (id, through, erased)
     join ${name}.archived_events l on l.category = ${quoteLiteral(mapping.category)} and l.stream_id = m.id and l.stream_position = m.through
     ${joins}`,
    [
      streams.map(({ id }) => id),
      streams.map(({ through }) => through),
      JSON.stringify(metadata),
      streams.map(({ id }) => JSON.stringify(treeOf(erased.get(id)))),
      ...values,
    ],
  );
}

/** As redacted() takes it. */
function treeOf(erased: ErasedValues | undefined): object {
  const nulls = (properties: Iterable<string> = []): Record<string, null> =>
    Object.fromEntries([...properties].map((property) => [property, null]));
  const parts = [...(erased?.parts ?? [])].map(([path, ids]) => [
    path,
    Object.fromEntries([...ids].map(([id, properties]) => [id, nulls(properties)])),
  ]);
  return { ...nulls(erased?.root), ...(Object.fromEntries(parts) as object) };
}
