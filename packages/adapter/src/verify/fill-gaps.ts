import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * Writes an event that changes nothing at each missing position, so that the stream can be replayed again; what the lost
 * events have said is then drift like any other. Marked as `filled`: in the log these events stand behind later ones.
 */
export async function fillGaps(
  sql: SqlExecutor,
  schema: string,
  { category, eventTypes }: EntityMapping,
  drifts: readonly Drift[],
  metadata: object,
): Promise<void> {
  const gaps = drifts.filter(({ kind }) => kind === 'gap');
  if (gaps.length === 0) return;
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.events (category, stream_id, stream_position, change, type, data, metadata)
     select $1, g.id, p::text::bigint, case when p::text = '1' then 'c' else 'u' end::"char", $2, '{}', $3
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
