import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, knownTables } from '../mapping/index.js';
import { captureFingerprintSql, knownFingerprintSql } from '../stages/index.js';

/** What came of reads that were to be compared, in streams. */
export interface ShadowCounts {
  readonly compared: number;
  readonly drifted: number;
  readonly skipped: number;
  readonly failed: number;
}

/**
 * Counts since the category entered its stage or was begun anew in it, and of what is captured now: older figures are dropped
 * by the first comparison after the change. An instance that doesn't know all of it counts nothing.
 */
export async function countShadowReads(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  { compared, drifted, skipped, failed }: ShadowCounts,
): Promise<void> {
  const table = quoteIdentifier(schema);
  const { category } = mapping;
  const sum = (column: keyof ShadowCounts): string =>
    `${column} = case when (r.since, r.fingerprint) is not distinct from (excluded.since, excluded.fingerprint) then r.${column} else 0 end + excluded.${column}`;
  await sql.execute(
    `insert into ${table}.shadow_reads as r (category, compared, drifted, skipped, failed, since, fingerprint, last_compared_at)
     select category, $2, $3, $4, $5, compared_since, fingerprint, clock_timestamp()
     from (select s.*, ${captureFingerprintSql(schema, 's.category')} as fingerprint from ${table}.stages s) s
     where category = $1 and stage in ('shadow', 'replay')
       and fingerprint = ${knownFingerprintSql(schema, category, knownTables(mapping))}
     on conflict (category) do update set ${(['compared', 'drifted', 'skipped', 'failed'] as const).map(sum).join(', ')},
       since = excluded.since, fingerprint = excluded.fingerprint, last_compared_at = excluded.last_compared_at`,
    [category, compared, drifted, skipped, failed],
  );
}
