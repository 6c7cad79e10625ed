import {
  type Database,
  pinSettings,
  quoteIdentifier,
  quoteTable,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import type { Drift } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { stateSql, streamIdSql } from '../mapping/index.js';
import { compare } from './verify.js';

export interface RepairOptions {
  /** Only says what would be appended. @defaultValue false */
  dryRun?: boolean;
  /** Who repairs. @defaultValue the database role */
  by?: string;
  reason?: string;
  /** Only these streams. @defaultValue every drifted stream */
  streamIds?: readonly string[];
}

/** What repair appended, or would append. */
export interface RepairReport {
  readonly category: string;
  readonly repaired: readonly Drift[];
  readonly dryRun: boolean;
}

const batch = 500;

/**
 * Settles drift with the table as the truth: appends a correction with the row's full state, or the deletion
 * where the row is gone. Events that were written are never changed. Each row is locked and compared again first.
 */
export async function repairAggregate(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  { dryRun = false, by, reason, streamIds }: RepairOptions = {},
): Promise<RepairReport> {
  const repaired: Drift[] = [];
  for (let more = true; more;) {
    const drifts = await retryWhileLocked(
      () =>
        database.transaction(async (sql) => {
          await sql.execute(`set local lock_timeout = '1s'`);
          await pinSettings(sql);
          const limit = dryRun ? 10_000 : batch;
          const found = await compare(sql, schema, mapping, limit, streamIds);
          if (dryRun || found.drift.length === 0) return found.drift;
          const ids = found.drift.map((drift) => drift.streamId);
          await lockRows(sql, mapping, ids);
          const still = await compare(sql, schema, mapping, limit, ids);
          const metadata = { origin: 'repair', ...(by && { actor: by }), ...(reason && { reason }) };
          await appendCorrections(sql, schema, mapping, still.drift, metadata);
          return still.drift;
        }),
      { attempts: 60 },
    );
    repaired.push(...drifts);
    more = !dryRun && drifts.length > 0;
  }
  return { category: mapping.category, repaired, dryRun };
}

async function lockRows(sql: SqlExecutor, mapping: EntityMapping, ids: readonly string[]): Promise<void> {
  await sql.execute(
    `select from ${quoteTable(mapping.table)} t where ${streamIdSql(mapping, 't')} = any ($1::text[])
     for no key update`,
    [ids],
  );
}

async function appendCorrections(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  drifts: readonly Drift[],
  metadata: object,
): Promise<void> {
  const events = `${quoteIdentifier(schema)}.events`;
  await sql.execute(
    `insert into ${events} (category, stream_id, stream_position, change, type, data, metadata)
     select $1, d.id,
            coalesce((select max(v.stream_position) from ${events} v where v.category = $1 and v.stream_id = d.id), 0) + 1,
            case when r.state is null then 'd' else 'c' end::"char",
            case when r.state is null then $3 else $4 end,
            coalesce(r.state, '{}'), $5
     from unnest($2::text[]) as d (id)
     left join (select ${streamIdSql(mapping, 't')} as id, ${stateSql(mapping, 't')} as state
                from ${quoteTable(mapping.table)} t) r on r.id = d.id collate "C"`,
    [
      mapping.category,
      drifts.map((drift) => drift.streamId),
      mapping.eventTypes.deleted,
      mapping.eventTypes.corrected,
      JSON.stringify(metadata),
    ],
  );
}
