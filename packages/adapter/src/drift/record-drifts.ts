import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift } from './drift.js';

/** Keeps drifts for whoever looks later. The values stay out: only names of properties are kept, never personal data. */
export async function recordDrifts(
  sql: SqlExecutor,
  schema: string,
  drifts: readonly Drift[],
  foundBy: 'verify' | 'shadow' | 'replay',
): Promise<void> {
  if (drifts.length === 0) return;
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.drifts (category, stream_id, kind, properties, found_by)
     select d.category, d.stream_id, d.kind, d.properties, $2
     from jsonb_to_recordset($1::jsonb) as d (category text, stream_id text, kind text, properties jsonb)`,
    [
      JSON.stringify(
        drifts.map(({ category, streamId, part, kind, properties }) => ({
          category,
          stream_id: streamId,
          kind,
          properties: part
            ? [
                `${part.path}[${part.id}]`,
                ...Object.keys(properties).map((name) => `${part.path}[${part.id}].${name}`),
              ]
            : Object.keys(properties),
        })),
      ),
      foundBy,
    ],
  );
}
