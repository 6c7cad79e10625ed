import {
  type Database,
  quoteIdentifier,
  quoteTable,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';
import { lockInstallation } from '../schema/index.js';
import { captureSql, dropCaptureSql, triggerPrefix, triggersPerTable } from './capture-sql.js';

/** The state of one table's capture in the database. */
export interface InstalledCapture {
  readonly fingerprint: string | null;
  /** Whether the table is the one that was captured, with all triggers in place and enabled. */
  readonly intact: boolean;
  /** The table was dropped and made again since. */
  readonly recreated: boolean;
}

/** What is captured now, by category. One query. */
export async function installedCaptures(
  sql: SqlExecutor,
  schema: string,
): Promise<Map<string, InstalledCapture>> {
  const rows = await sql.execute<InstalledCapture & { category: string }>(
    `select a.category, a.fingerprint, t.oid is distinct from a.table_oid and a.table_oid is not null as recreated,
            t.oid is not distinct from a.table_oid and not exists (
              select from (select t.oid union select relid from pg_partition_tree(t.oid)) as captured (oid)
              where $2 <> (select count(*) from pg_trigger g
                           where g.tgrelid = captured.oid and g.tgname like $1 and g.tgenabled <> 'D')) as intact
     from ${quoteIdentifier(schema)}.aggregates a
     left join pg_namespace n on n.nspname = a.table_schema
     left join pg_class t on t.relnamespace = n.oid and t.relname = a.table_name`,
    [`${triggerPrefix.replaceAll('_', '\\_')}%`, triggersPerTable],
  );
  return new Map(rows.map(({ category, ...capture }) => [category, capture]));
}

/** The mappings whose triggers are missing or were generated from something else. */
export function outdatedCaptures(
  mappings: readonly EntityMapping[],
  installed: ReadonlyMap<string, InstalledCapture>,
  schema: string,
): EntityMapping[] {
  return mappings.filter((mapping) => {
    const capture = installed.get(mapping.category);
    return !capture?.intact || capture.fingerprint !== captureSql(mapping, schema).fingerprint;
  });
}

/**
 * Makes the functions and triggers of one table, in one short transaction. CREATE TRIGGER waits for every transaction
 * that has written to the table and is still open, and none can write until it is done: afterwards there is no
 * change that was neither committed before nor is captured. It asks for its lock for a second at a time, so
 * that the application never queues behind it for longer.
 */
export async function installCapture(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  onWait?: (message: string) => void,
): Promise<void> {
  const { functions, triggers, fingerprint } = captureSql(mapping, schema);
  const install = () =>
    database.transaction(async (sql) => {
      await lockInstallation(sql, schema);
      const before = (await installedCaptures(sql, schema)).get(mapping.category);
      if (before?.intact && before.fingerprint === fingerprint) return;
      await sql.execute(`set local lock_timeout = '1s'`);
      await sql.execute([...functions, ...dropCaptureSql(mapping), ...triggers].join(';\n'));
      if (before?.recreated) await closeStreamsWithoutRow(sql, schema, mapping);
      await sql.execute(
        `update ${quoteIdentifier(schema)}.aggregates
         set table_oid = $2, fingerprint = $3, installed_at = now() where category = $1`,
        [mapping.category, mapping.table.oid, fingerprint],
      );
    });
  try {
    await retryWhileLocked(install, {
      attempts: 60,
      onWait: async () =>
        onWait?.(`Waiting to capture ${quoteTable(mapping.table)}: ${await blockers(database, mapping)}`),
    });
  } catch (error) {
    throw asCaptureError(error, mapping);
  }
}

/** Stops capture of a table. Its events stay. */
export async function removeCapture(
  database: Database,
  schema: string,
  mapping: EntityMapping,
): Promise<void> {
  await retryWhileLocked(
    () =>
      database.transaction(async (sql) => {
        await lockInstallation(sql, schema);
        await sql.execute(`set local lock_timeout = '1s'`);
        await sql.execute(dropCaptureSql(mapping).join(';\n'));
        await sql.execute(
          `update ${quoteIdentifier(schema)}.aggregates set table_oid = null, fingerprint = null where category = $1`,
          [mapping.category],
        );
      }),
    { attempts: 60 },
  );
}

/** A table that was dropped took its rows along without firing a trigger: their streams end here. */
async function closeStreamsWithoutRow(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
): Promise<void> {
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.events (category, stream_id, stream_position, change, type, data, metadata)
     select $1, last.stream_id, last.stream_position + 1, 'd', $2, '{}', '{"origin":"repair","reason":"table was dropped"}'
     from (select distinct on (stream_id) stream_id, stream_position, change
           from ${quoteIdentifier(schema)}.events where category = $1
           order by stream_id, stream_position desc) last
     where last.change <> 'd' and not exists (
       select from ${quoteTable(mapping.table)} t where ${streamIdSql(mapping, 't')} = last.stream_id)`,
    [mapping.category, mapping.eventTypes.deleted],
  );
}

async function blockers(database: Database, mapping: EntityMapping): Promise<string> {
  const rows = await database.execute<{ pid: number; application: string; age: string; state: string }>(
    `select a.pid, a.application_name as application, a.state,
            date_trunc('second', clock_timestamp() - a.xact_start)::text as age
     from pg_locks l join pg_stat_activity a using (pid)
     where l.relation = $1 and l.granted and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'AccessExclusiveLock')
     order by a.xact_start limit 3`,
    [mapping.table.oid],
  );
  if (rows.length === 0) return 'another transaction holds a lock.';
  return rows
    .map(
      ({ pid, application, state, age }) =>
        `process ${pid} (${application || 'unnamed'}, ${state}, transaction open for ${age})`,
    )
    .join(', ');
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
