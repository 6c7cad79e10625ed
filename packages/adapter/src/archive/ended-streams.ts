import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { endedUntrackedSql } from '../replay/index.js';

/** Of some streams, those that have ended without an event of their own, and the position of the last event of each: of one moment. */
export async function endedStreams(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await sql.execute<{ id: string; last: number }>(
    `select i.id, l.last from unnest($2::text[]) i (id)
     cross join lateral (
       select max(v.stream_position)::float8 as last from ${quoteIdentifier(schema)}.events v
       where v.category = $1 and v.stream_id = i.id
     ) l where l.last is not null and ${endedUntrackedSql(mapping, schema, 'i.id')}`,
    [mapping.category, ids],
  );
  return new Map(rows.map(({ id, last }) => [id, last]));
}
