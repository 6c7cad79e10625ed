import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift } from './drift.js';

/** Examples that are kept of each category. */
const slots = 1_000;

/**
 * Keeps drifts for whoever looks later: counted by property, and examples of streams. Neither grows with the number of
 * drifts. The values stay out: only names of properties are kept, never personal data.
 */
export async function recordDrifts(
  sql: SqlExecutor,
  schema: string,
  drifts: readonly Drift[],
  foundBy: 'verify' | 'shadow' | 'replay',
): Promise<void> {
  if (drifts.length === 0) return;
  // Both in the order of their keys: instances that record at the same time don't deadlock.
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.drift_counts as c (category, found_by, kind, property, times)
     select d.category, $2::text, d.kind, d.property, count(*)
     from jsonb_to_recordset($1::jsonb) as d (category text, kind text, property text)
     group by 1, 2, 3, 4 order by 1, 2, 3, 4
     on conflict (category, found_by, kind, property) do update set
       times = c.times + excluded.times, last_found_at = excluded.last_found_at`,
    [JSON.stringify(drifts.flatMap(countedProperties)), foundBy],
  );
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.drifts (category, slot, stream_id, kind, properties, found_by)
     select distinct on (d.category, slot) d.category, slot, d.stream_id, d.kind, d.properties, $2::text
     from jsonb_to_recordset($1::jsonb) as d (category text, stream_id text, kind text, part text, properties jsonb),
       lateral (select (hashtext(concat_ws(' ', d.stream_id, d.part, d.kind, $2::text)) & 2147483647) % ${slots} as slot) as place
     order by d.category, slot
     on conflict (category, slot) do update set stream_id = excluded.stream_id, kind = excluded.kind,
       properties = excluded.properties, found_by = excluded.found_by, found_at = excluded.found_at`,
    [JSON.stringify(drifts.map(example)), foundBy],
  );
}

function countedProperties({
  category,
  kind,
  part,
  properties,
}: Drift): { category: string; kind: string; property: string }[] {
  const names = Object.keys(properties);
  if (names.length === 0) return [{ category, kind, property: part?.path ?? '' }];
  return names.map((name) => ({ category, kind, property: part ? `${part.path}.${name}` : name }));
}

function example({ category, streamId, part, kind, properties }: Drift): object {
  const place = part && `${part.path}[${part.id}]`;
  const names = Object.keys(properties);
  return {
    category,
    stream_id: streamId,
    kind,
    part: place ?? '',
    properties: place ? [place, ...names.map((name) => `${place}.${name}`)] : names,
  };
}
