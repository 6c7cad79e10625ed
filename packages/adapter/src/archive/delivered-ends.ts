import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** A stream, and up to which position it is moved. */
export interface MovedStream {
  readonly id: string;
  readonly through: number;
}

/** Of some streams, those of which every consumer has handled every event and parked none, up to their ends. */
export function deliveredEnds(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
  ids: readonly string[],
): Promise<MovedStream[]> {
  const events = `${quoteIdentifier(schema)}.events`;
  return sql.execute<MovedStream>(
    `select i.id, h.position::float8 as through from unnest($2::text[]) i (id)
     cross join lateral (
       select max(v.stream_position) as position, max(v.global_position) as newest from ${events} v
       where v.category = $1 and v.stream_id = i.id
     ) h where ${isDeliveredSql(schema, '$1', 'i.id', 'h.newest')}`,
    [category, ids],
  );
}

/** Whether every consumer is past a position, and none has parked an event of its stream. */
export function isDeliveredSql(schema: string, category: string, streamId: string, position: string): string {
  const name = quoteIdentifier(schema);
  return `${position} <= (
      select coalesce(min(least(c.position, (
        select min((g ->> 0)::bigint) - 1 from jsonb_array_elements(c.gaps) g))), 9223372036854775807)
      from ${name}.consumers c)
    and not exists (select from ${name}.parked_events p where p.category = ${category} and p.stream_id = ${streamId})`;
}
