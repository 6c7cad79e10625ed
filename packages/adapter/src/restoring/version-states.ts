import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import type { EventData } from '../event/index.js';
import { type EntityMapping, settledState, settledStateSql } from '../mapping/index.js';
import type { AggregateState } from '../replay/index.js';

/** The states of one table's rows at a version of their stream, by the id of the row: each as the text of its JSON, in which no digit is lost. */
export type VersionStates = ReadonlyMap<string, string>;

export interface StreamVersion {
  readonly schema: string;
  readonly streamId: string;
  readonly position: number;
}

/** Folded inside the database; only what code upcasts is taken from the replay. */
export async function versionStates(
  sql: SqlExecutor,
  mapping: EntityMapping,
  at: StreamVersion,
  replayed: AggregateState,
): Promise<VersionStates> {
  if (!mapping.foldsInSql) return statesOf(mapping, at, replayed);
  const { schema, streamId, position } = at;
  const name = quoteIdentifier(schema);
  const chosen = `v.category = ${quoteLiteral(mapping.category)} and v.stream_id = $1 and v.stream_position <= $2`;
  const folded = mapping.part
    ? `select x.id as row_id, ${name}.fold_part(x.patch order by v.stream_position) as state
       from ${name}.all_events v cross join lateral json_each(v.data -> ${quoteLiteral(mapping.part.path)}) x (id, patch)
       where v.change <> 'n' and ${chosen} group by x.id`
    : `select $1 as row_id, ${name}.fold(v.change, v.data order by v.stream_position) as state from ${name}.all_events v where ${chosen}`;
  const rows = await sql.execute<{ row_id: string; state: string }>(
    `select r.row_id, (${settledStateSql(mapping, schema, 'r.state')})::text as state from (${folded}) r where r.state is not null`,
    [streamId, position],
  );
  return new Map(rows.map(({ row_id, state }) => [row_id, state]));
}

function statesOf(
  mapping: EntityMapping,
  { streamId }: StreamVersion,
  { root, parts }: AggregateState,
): VersionStates {
  const { part } = mapping;
  const rows: Iterable<[string, EventData]> = part
    ? (parts.get(part.path) ?? [])
    : root
      ? [[streamId, root]]
      : [];
  return new Map([...rows].map(([id, row]) => [id, JSON.stringify(settledState(mapping, row))]));
}

/** All of them as one JSON array, as `correctRows` and the comparison take it. */
export function asRecords(streamId: string, states: VersionStates): string {
  const records = [...states].map(
    ([id, state]) =>
      `{"stream_id":${JSON.stringify(streamId)},"row_id":${JSON.stringify(id)},"state":${state}}`,
  );
  return `[${records.join(',')}]`;
}

/** A relation of what {@link asRecords} has put into a parameter. */
export const recordsSql = (parameter: string): string =>
  `jsonb_to_recordset(${parameter}::jsonb) as s (stream_id text, row_id text, state jsonb)`;
