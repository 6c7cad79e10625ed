import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, streamIdSql, tableOf } from '../mapping/index.js';
import type { StreamTables } from './stream-tables.js';

/** Of one stream, within one statement. */
const eventsLookedBackAt = 20;

/**
 * For rows `o` and `n`, of which the stream is behind `k` and its last event behind `h`: the row `c` as it is by now, what has been
 * `l` told of it while this statement ran, and the row `w` that goes into the event.
 *
 * PostgreSQL fires the trigger of a statement when the statement is through. A trigger of the application, or a function that the
 * statement calls, may have changed its rows again by then, and of that capture has heard first. So what comes later in the
 * stream, although it happened earlier, must not undo it: it takes the row as it is by now. The row is read where it is `wanted`: of
 * streams that nothing was told of there is no need. Of a table that has another name by now (not `isThere`) it can't be read.
 */
export function rowByNowSql(
  mapping: EntityMapping,
  tables: StreamTables,
  rows: { readonly before: boolean; readonly after: boolean; readonly isThere: boolean },
  wanted = 'h.told',
): string {
  const sameKey = mapping.key.map(({ column }) => {
    const of = [rows.after && `n.${quoteIdentifier(column)}`, rows.before && `o.${quoteIdentifier(column)}`];
    return `c.${quoteIdentifier(column)} = coalesce(${of.filter(Boolean).join(', ')})`;
  });
  // 1.0 and 1.00 are one key to the column, and two streams
  if (!mapping.key.every(({ exactEquality }) => exactEquality))
    sameKey.push(`${streamIdSql(mapping, 'c')} = k.stream_id`);
  const category = quoteLiteral(mapping.category);
  const by = mapping.columns.map(({ column }) => {
    const name = quoteIdentifier(column);
    return `case when ${rowIsThere(mapping)} then c.${name} else ${rows.after ? 'n' : 'o'}.${name} end as ${name}`;
  });
  const found = rows.isThere
    ? `select c.* from ${tableOf(mapping)} c where ${wanted} and ${sameKey.join(' and ')} limit 1`
    : `select ${rows.after ? 'n' : 'o'}.* where false`;
  return `left join lateral (${found}) c on true
  left join lateral (
    select l.* from (
      select jsonb_object_agg(d.key, d.value order by v.stream_position) filter (where d.key is not null) as data,
             bool_or(v.newest and v.change = 'd') as gone, bool_or(v.change = 'c') as begun,
             bool_or(v.change = 'c' and v.metadata ->> 'origin' is distinct from 'backfill') as created
      from (
        select v.stream_position, v.change, v.metadata, v.data, v.recorded_at, row_number() over (order by v.stream_position desc) = 1 as newest
        from ${tables.own} v
        where v.category = ${category} and v.stream_id = k.stream_id and v.change <> 'n'
        order by v.stream_position desc limit ${eventsLookedBackAt}) v
      left join lateral jsonb_each(v.data::jsonb) d on true
      where v.recorded_at >= statement_timestamp()
    ) l where h.told
  ) l on true
  cross join lateral (select ${by.join(', ')}) w`;
}

/** Whether the row is there by now; only of a stream that something was told of. */
export function rowIsThere(mapping: EntityMapping): string {
  return `${streamIdSql(mapping, 'c')} is not null`;
}
