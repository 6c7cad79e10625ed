import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** What came of reads that were to be compared, in streams. */
export interface ShadowCounts {
  readonly compared: number;
  readonly drifted: number;
  readonly skipped: number;
  readonly failed: number;
}

/** Counts since the category entered its stage: older figures are dropped by the first comparison after the change. */
export async function countShadowReads(
  sql: SqlExecutor,
  schema: string,
  category: string,
  { compared, drifted, skipped, failed }: ShadowCounts,
): Promise<void> {
  const table = quoteIdentifier(schema);
  const sum = (column: keyof ShadowCounts): string =>
    `${column} = case when r.since = excluded.since then r.${column} else 0 end + excluded.${column}`;
  await sql.execute(
    `insert into ${table}.shadow_reads as r (category, compared, drifted, skipped, failed, since, last_compared_at)
     select category, $2, $3, $4, $5, changed_at, clock_timestamp()
     from ${table}.stages where category = $1 and stage in ('shadow', 'replay')
     on conflict (category) do update set ${(['compared', 'drifted', 'skipped', 'failed'] as const).map(sum).join(', ')},
       since = excluded.since, last_compared_at = excluded.last_compared_at`,
    [category, compared, drifted, skipped, failed],
  );
}
