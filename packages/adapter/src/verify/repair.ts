import {
  type Database,
  pinSettings,
  quoteTable,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import { type Drift, driftName } from '../drift/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, rowsOfStreamsSql } from '../mapping/index.js';
import { appendCorrections } from './append-corrections.js';
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
  const repaired: Drift[] = [];
  for (const table of [mapping, ...mapping.parts]) {
    repaired.push(...(await repairTable(database, schema, table, metadata, dryRun, streamIds)));
  }
  return { category: mapping.category, repaired, dryRun };
}

async function repairTable(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  metadata: object,
  dryRun: boolean,
  streamIds: readonly string[] | undefined,
): Promise<readonly Drift[]> {
  const repaired = new Map<string, Drift>();
  for (;;) {
    const { drift } = await database.transaction(async (sql) => {
      await pinSettings(sql);
      return compare(sql, schema, mapping, driftsPerPass, streamIds);
    });
    const stubborn = drift.find((found) => repaired.has(driftName(found)));
    if (stubborn) {
      throw new BackstoryError(
        'REPAIR_FAILED',
        `${driftName(stubborn)} still differs from its row after a correction (${Object.keys(stubborn.properties).join(', ')}).`,
        'Is capture switched off for the table while the application writes? Run "npx backstory install" and repair again.',
      );
    }
    if (dryRun) return drift;
    if (drift.length === 0) return [...repaired.values()];
    const ids = [...new Set(drift.map(({ streamId }) => streamId))];
    for (let start = 0; start < ids.length; start += batchSize) {
      const batch = ids.slice(start, start + batchSize);
      for (const settled of await repairBatch(database, schema, mapping, batch, metadata)) {
        repaired.set(driftName(settled), settled);
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
        await lockRows(sql, mapping.part?.root ?? mapping, ids);
        const { drift } = await compare(sql, schema, mapping, driftsPerPass, ids);
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
