import { contextComment } from '../capture/index.js';
import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import {
  type ColumnMapping,
  type EntityMapping,
  rowIdSql,
  rowsOfStreamsSql,
  settledStateSql,
  streamIdSql,
} from '../mapping/index.js';

/**
 * Makes the rows of one table what the replay of their streams says: changes the properties that differ, inserts rows that
 * are missing and deletes those without a living stream. The capture triggers record it, as a repair; triggers and
 * constraints of the application apply as to every write. Run with the rows locked and settings pinned.
 */
export async function correctRows(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  drifts: readonly Drift[],
  metadata: object,
): Promise<void> {
  const of = (kind: Drift['kind']): Drift[] => drifts.filter((drift) => drift.kind === kind);
  for (const [found, statement] of [
    [of('missing event'), deleteSql(mapping)],
    [of('missing row'), insertSql(mapping, schema)],
    [of('value'), updateSql(mapping, schema)],
  ] as const) {
    if (found.length === 0) continue;
    const wanted = found.map(({ streamId, part, properties }) => ({
      stream_id: streamId,
      row_id: part?.id ?? streamId,
      properties: Object.keys(properties),
    }));
    const ids = [...new Set(found.map(({ streamId }) => streamId))];
    await sql.execute(contextComment(statement, () => metadata) + statement, [ids, JSON.stringify(wanted)]);
  }
}

const wanted = 'jsonb_to_recordset($2::jsonb) as d (stream_id text, row_id text, properties jsonb)';

/** The row behind `t` is one of those that are wanted. */
function isWanted(mapping: EntityMapping): string {
  return `${rowsOfStreamsSql(mapping, 't', '$1')} and ${streamIdSql(mapping, 't')} = d.stream_id collate "C" and ${rowIdSql(mapping, 't')} = d.row_id collate "C"`;
}

function deleteSql(mapping: EntityMapping): string {
  return `delete from ${quoteTable(mapping.table)} t using ${wanted} where ${isWanted(mapping)}`;
}

function insertSql(mapping: EntityMapping, schema: string): string {
  const columns = mapping.columns.filter(({ generated }) => !generated);
  return `insert into ${quoteTable(mapping.table)} (${columns.map(({ column }) => quoteIdentifier(column)).join(', ')})
    overriding system value
    select ${columns.map((column) => valueSql(column)).join(', ')}
    from ${wanted} join (${statesSql(mapping, schema)}) s using (stream_id, row_id)`;
}

function updateSql(mapping: EntityMapping, schema: string): string {
  const columns = mapping.columns.filter((column) => !column.generated && !mapping.key.includes(column));
  const values = columns.map((column) => {
    const name = quoteIdentifier(column.column);
    return `${name} = case when d.properties ? ${quoteLiteral(column.property)} then ${valueSql(column)} else t.${name} end`;
  });
  return `update ${quoteTable(mapping.table)} t set ${values.join(', ')}
    from ${wanted} join (${statesSql(mapping, schema)}) s using (stream_id, row_id)
    where ${isWanted(mapping)}`;
}

/** The replayed states of the streams in $1, by stream and row. */
function statesSql(mapping: EntityMapping, schema: string): string {
  const events = `${quoteIdentifier(schema)}.events v`;
  const chosen = `v.category = ${quoteLiteral(mapping.category)} and v.stream_id = any ($1::text[])`;
  const replayed = mapping.part
    ? `select v.stream_id, x.id as row_id, ${quoteIdentifier(schema)}.fold_part(x.patch order by v.stream_position) as state
       from ${events} cross join lateral json_each(v.data -> ${quoteLiteral(mapping.part.path)}) x (id, patch)
       where ${chosen} group by v.stream_id, x.id`
    : `select v.stream_id, v.stream_id as row_id, ${quoteIdentifier(schema)}.fold(v.change, v.data order by v.stream_position) as state
       from ${events} where ${chosen} group by v.stream_id`;
  return `select r.stream_id, r.row_id, ${settledStateSql(mapping, schema, 'r.state')} as state from (${replayed}) r`;
}

function valueSql({ property, kind, sqlType }: ColumnMapping): string {
  const name = quoteLiteral(property);
  return kind === 'json'
    ? `nullif(s.state -> ${name}, 'null')::${sqlType}`
    : `(s.state ->> ${name})::${sqlType}`;
}
