import {
  type Database,
  pinSettings,
  quoteIdentifier,
  quoteTable,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import type { Drift } from '../drift/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import { type EntityMapping, rowsOfStreamsSql, stateSql, streamIdSql } from '../mapping/index.js';
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

/** Rows locked, and corrections appended, in one transaction. */
const batchSize = 500;
/** Drifts looked for in one pass over the whole table. */
const driftsPerPass = 50_000;

/**
 * Settles drift with the table as the truth: appends a correction with the properties that differ, a full state where
 * there is no living stream, or the deletion where the row is gone. Events that were written are never changed.
 * Each row is locked and compared again first, so that live writers are not overtaken.
 * @throws BackstoryError when a stream differs although it was corrected
 */
export async function repairAggregate(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  { dryRun = false, by, reason, streamIds }: RepairOptions = {},
): Promise<RepairReport> {
  const metadata = { origin: 'repair', ...(by && { actor: by }), ...(reason && { reason }) };
  const repaired = new Map<string, Drift>();
  for (;;) {
    const { drift } = await database.transaction(async (sql) => {
      await pinSettings(sql);
      return compare(sql, schema, mapping, driftsPerPass, streamIds);
    });
    const stubborn = drift.find(({ streamId }) => repaired.has(streamId));
    if (stubborn) {
      throw new BackstoryError(
        'REPAIR_FAILED',
        `${streamName(mapping.category, stubborn.streamId)} still differs from its row after a correction (${Object.keys(stubborn.properties).join(', ')}).`,
        'Is capture switched off for the table while the application writes? Run "npx backstory install" and repair again.',
      );
    }
    if (dryRun) return { category: mapping.category, repaired: drift, dryRun };
    if (drift.length === 0) return { category: mapping.category, repaired: [...repaired.values()], dryRun };
    for (let start = 0; start < drift.length; start += batchSize) {
      const ids = drift.slice(start, start + batchSize).map(({ streamId }) => streamId);
      for (const settled of await repairBatch(database, schema, mapping, ids, metadata)) {
        repaired.set(settled.streamId, settled);
      }
    }
  }
}

function repairBatch(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  ids: readonly string[],
  metadata: object,
): Promise<readonly Drift[]> {
  return retryWhileLocked(
    () =>
      database.transaction(async (sql) => {
        await sql.execute(`set local lock_timeout = '1s'`);
        await pinSettings(sql);
        await lockRows(sql, mapping, ids);
        const { drift } = await compare(sql, schema, mapping, batchSize, ids);
        if (drift.length > 0) await appendCorrections(sql, schema, mapping, drift, metadata);
        return drift;
      }),
    { attempts: 60 },
  );
}

async function lockRows(sql: SqlExecutor, mapping: EntityMapping, ids: readonly string[]): Promise<void> {
  await sql.execute(
    `select from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}
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
            (case when r.state is null then 'd' when d.properties = '[]' then 'c' else 'u' end)::"char",
            case when r.state is null then $3 else $4 end,
            case when r.state is null then '{}' when d.properties = '[]' then r.state
                 else (select jsonb_object_agg(p, r.state -> p) from jsonb_array_elements_text(d.properties) p) end,
            $5
     from jsonb_to_recordset($2::jsonb) as d (id text, properties jsonb)
     left join (select ${streamIdSql(mapping, 't')} as id, ${stateSql(mapping, 't')} as state
                from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$6')}) r
       on r.id = d.id collate "C"`,
    [
      mapping.category,
      JSON.stringify(
        drifts.map(({ streamId, properties }) => ({ id: streamId, properties: Object.keys(properties) })),
      ),
      mapping.eventTypes.deleted,
      mapping.eventTypes.corrected,
      JSON.stringify(metadata),
      drifts.map(({ streamId }) => streamId),
    ],
  );
}
