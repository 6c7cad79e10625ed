import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import { type EntityMapping, schemaVersionSql } from '../mapping/index.js';

/**
 * Writes an event that changes nothing at each missing position, so that the stream can be replayed again; what the lost
 * events have said is then drift like any other. Marked as `filled`: in the log these events stand behind later ones.
 */
export async function fillGaps(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  drifts: readonly Drift[],
  metadata: object,
): Promise<void> {
  const { category, eventTypes } = mapping;
  const version = schemaVersionSql(mapping);
  const gaps = drifts.filter(({ kind }) => kind === 'gap');
  if (gaps.length === 0) return;
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.events (category, stream_id, stream_position, change, type, data, metadata${version.column})
     select $1, g.id, p::text::bigint, case when exists (
              select from ${quoteIdentifier(schema)}.events v where v.category = $1 and v.stream_id = g.id and v.stream_position < p::text::bigint
            ) then 'u' else 'c' end::"char", $2, '{}', $3${version.value}
     from jsonb_to_recordset($4::jsonb) as g (id text, positions jsonb)
     cross join lateral jsonb_array_elements(g.positions) p
     on conflict (category, stream_id, stream_position) do nothing`,
    [
      category,
      eventTypes.corrected,
      JSON.stringify({ ...metadata, filled: true }),
      JSON.stringify(gaps.map(({ streamId, positions }) => ({ id: streamId, positions }))),
    ],
  );
}
