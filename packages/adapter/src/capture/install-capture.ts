import {
  type Database,
  lockHolders,
  quoteIdentifier,
  quoteTable,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, mappingName } from '../mapping/index.js';
import { lockInstallation } from '../schema/index.js';
import { closeStreamsWithoutRow } from './close-streams.js';
import { captureSql, dropCaptureSql, triggerPrefix, triggersPerTable } from './capture-sql.js';

/** The state of one table's capture in the database. */
export interface InstalledCapture {
  readonly fingerprint: string | null;
  /** Whether the table is the one that was captured, with all triggers in place and enabled. */
  readonly intact: boolean;
  /** The table was dropped and made again since. */
  readonly recreated: boolean;
}

/** What is captured now, by the mapping's name. One query. */
export async function installedCaptures(
  sql: SqlExecutor,
  schema: string,
): Promise<Map<string, InstalledCapture>> {
  const rows = await sql.execute<InstalledCapture & { name: string }>(
    `select concat_ws('.', a.category, nullif(a.part, '')) as name, a.fingerprint, t.oid is distinct from a.table_oid and a.table_oid is not null as recreated,
            t.oid is not distinct from a.table_oid and not exists (
              select from (select t.oid union select relid from pg_partition_tree(t.oid)) as captured (oid)
              where $2 <> (select count(*) from pg_trigger g
                           where g.tgrelid = captured.oid and g.tgname like $1 and g.tgenabled <> 'D')) as intact
     from ${quoteIdentifier(schema)}.aggregates a
     left join pg_namespace n on n.nspname = a.table_schema
     left join pg_class t on t.relnamespace = n.oid and t.relname = a.table_name`,
    [`${triggerPrefix.replaceAll('_', '\\_')}%`, triggersPerTable],
  );
  return new Map(rows.map(({ name, ...capture }) => [name, capture]));
}

/** The aggregates of which triggers are missing or were generated from something else, on any of their tables. */
export function outdatedCaptures(
  aggregates: readonly EntityMapping[],
  installed: ReadonlyMap<string, InstalledCapture>,
  schema: string,
): EntityMapping[] {
  return aggregates.filter((root) =>
    [root, ...root.parts].some((mapping) => isOutdated(mapping, installed, schema)),
  );
}

function isOutdated(
  mapping: EntityMapping,
  installed: ReadonlyMap<string, InstalledCapture>,
  schema: string,
): boolean {
  const capture = installed.get(mappingName(mapping));
  return !capture?.intact || capture.fingerprint !== captureSql(mapping, schema).fingerprint;
}

/**
 * Makes the functions and triggers of one aggregate's tables, in one short transaction. CREATE TRIGGER waits for every
 * transaction that has written to the table and is still open, and none can write until it is done: afterwards there is
 * no change that was neither committed before nor is captured. It asks for its locks for a second at a time, so
 * that the application never queues behind it for longer.
 */
export async function installCapture(
  database: Database,
  schema: string,
  root: EntityMapping,
  onWait?: (message: string) => void,
): Promise<void> {
  const install = () =>
    database.transaction(async (sql) => {
      await lockInstallation(sql, schema);
      const installed = await installedCaptures(sql, schema);
      const outdated = [root, ...root.parts].filter((mapping) => isOutdated(mapping, installed, schema));
      if (outdated.length === 0) return;
      await sql.execute(`set local lock_timeout = '1s'`);
      for (const mapping of outdated) {
        await createTriggers(sql, schema, mapping);
        if (installed.get(mappingName(mapping))?.recreated)
          await closeStreamsWithoutRow(sql, schema, mapping);
      }
    });
  const tables = [root, ...root.parts].map(({ table }) => table.oid);
  try {
    await retryWhileLocked(install, {
      attempts: 60,
      onWait: async () =>
        onWait?.(`Waiting to capture ${quoteTable(root.table)}: ${await lockHolders(database, tables)}.`),
    });
  } catch (error) {
    throw asCaptureError(error, root);
  }
}

async function createTriggers(sql: SqlExecutor, schema: string, mapping: EntityMapping): Promise<void> {
  const { functions, triggers, fingerprint } = captureSql(mapping, schema);
  await sql.execute([...functions, ...dropCaptureSql(mapping), ...triggers].join(';\n'));
  await sql.execute(
    `update ${quoteIdentifier(schema)}.aggregates
     set table_oid = $3, fingerprint = $4, installed_at = now() where category = $1 and part = $2`,
    [mapping.category, mapping.part?.path ?? '', mapping.table.oid, fingerprint],
  );
}

/** Stops capture of an aggregate, if it is still to be off when the locks are had. Its events stay. */
export async function removeCapture(database: Database, schema: string, root: EntityMapping): Promise<void> {
  await retryWhileLocked(
    () =>
      database.transaction(async (sql) => {
        await lockInstallation(sql, schema);
        const [on] = await sql.execute(
          `select from ${quoteIdentifier(schema)}.stages where category = $1 and stage <> 'off' for share`,
          [root.category],
        );
        if (on) return;
        await sql.execute(`set local lock_timeout = '1s'`);
        await sql.execute([root, ...root.parts].flatMap(dropCaptureSql).join(';\n'));
        await sql.execute(
          `update ${quoteIdentifier(schema)}.aggregates set table_oid = null, fingerprint = null where category = $1`,
          [root.category],
        );
      }),
    { attempts: 60 },
  );
}

function asCaptureError(error: unknown, mapping: EntityMapping): unknown {
  const { code } = error as { code?: string };
  const table = quoteTable(mapping.table);
  if (code === '42501') {
    return new BackstoryError(
      'CAPTURE_REFUSED',
      `This database role may not create triggers on ${table} (entity ${mapping.entity}): ${(error as Error).message}.`,
      `Run "npx backstory install" as the table's owner, or "GRANT TRIGGER ON ${table} TO …" and give the role the right to create functions in Backstory's schema; then start with install: 'check'.`,
      { cause: error },
    );
  }
  if (code === '55P03') {
    return new BackstoryError(
      'CAPTURE_REFUSED',
      `Could not lock ${table} for a moment to create its triggers: another transaction has held it all the time.`,
      `End that transaction (see pg_stat_activity) and start again.`,
      { cause: error },
    );
  }
  return error;
}
