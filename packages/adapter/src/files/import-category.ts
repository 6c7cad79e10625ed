import {
  type Database,
  quoteIdentifier,
  requireGoing,
  type SqlExecutor,
  StoppedError,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { ProgressOptions } from '../observation/index.js';
import type { FileStore } from './file-store.js';
import type { ImportReport } from './import-report.js';
import { exportedTable, loadExported, sameOrErasedSql, sameSql } from './load-exported.js';
import type { ExportManifest } from './manifest.js';

/**
 * Puts the events of a category that the archive has lost back into it, in one transaction: all of them, or none. Only what the log
 * says was archived, at the places and positions where it was; of a sealed log, what was sealed. What is there stays as it is. The archive
 * takes nothing but what the log has: so this is the business of the tables' owner, who may lift that.
 * @throws BackstoryError IMPORT_REFUSED for what contradicts the log, EXPORT_UNREADABLE
 */
export async function importCategory(
  database: Database,
  schema: string,
  store: FileStore,
  manifest: ExportManifest,
  category: string,
  { dryRun = false, onProgress, signal }: ProgressOptions & { dryRun?: boolean },
): Promise<ImportReport> {
  let done = 0;
  const heard = (events: number): void => {
    requireGoing(signal);
    onProgress?.({ category, done: (done += events), unit: 'events' });
  };
  try {
    heard(0);
    return await database.transaction(async (sql) => {
      await loadExported(sql, store, manifest, category, ({ events }) => heard(events));
      // before the streams, in the order in which they are archived: what comes from elsewhere is let in for this transaction alone
      await sql.execute(
        `alter table ${quoteIdentifier(schema)}.archived_events disable trigger archive_takes_what_the_log_has`,
      );
      await holdStreams(sql, schema, category);
      await refuseContradictions(sql, schema, category);
      const counted = await place(sql, schema, category, dryRun);
      await sql.execute(
        `alter table ${quoteIdentifier(schema)}.archived_events enable trigger archive_takes_what_the_log_has`,
      );
      return { category, ...counted, dryRun };
    });
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    return { category, streams: 0, events: 0, present: 0, left: { erased: 0 }, dryRun, stopped: true };
  }
}

/** Who archives, drops or erases one of the streams waits, or was waited for. */
export async function holdStreams(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  await sql.execute(
    `select from ${quoteIdentifier(schema)}.archived_streams s
     where s.category = $1 and s.stream_id in (select e.stream_id from ${exportedTable} e) order by s.stream_id for update`,
    [category],
  );
}

/** An event that stands for an archived one is no event: what it stands for may take its place. */
async function refuseContradictions(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  const name = quoteIdentifier(schema);
  const atPlace = (table: string): string =>
    `${name}.${table} v on v.category = $1 and v.stream_id = e.stream_id and v.stream_position = e.stream_position`;
  const other = (table: string): string =>
    `select e.*, 'has another event there' as problem from ${exportedTable} e join ${atPlace(table)}
     where not ${sameOrErasedSql('v', 'e')} and not ${name}.is_stand_in(v.metadata)`;
  const elsewhere = (table: string): string =>
    `select e.*, concat('has ', v.category, '-', v.stream_id, '@', v.stream_position, ' at its global position') from ${exportedTable} e
     join ${name}.${table} v on v.global_position = e.global_position
     where (v.category, v.stream_id, v.stream_position) <> ($1, e.stream_id, e.stream_position)`;
  const unknown = `select e.*, 'has neither this event nor a word of its having been archived' from ${exportedTable} e
     where not exists (select from ${name}.archived_streams s where s.category = $1 and s.stream_id = e.stream_id and s.through >= e.stream_position)
       and not exists (select from ${atPlace('events').replace(' on ', ' where ')})`;
  const unsealed = `select e.*, 'has sealed another one' from ${exportedTable} e
     join ${name}.event_commitments c on c.global_position = e.global_position
     where c.salt is not null and c.commitment <> sha256(convert_to(
       concat(encode(c.salt, 'hex'), ':', octet_length(convert_to(e.data::text, 'UTF8')), ':', e.data::text, e.metadata::text), 'UTF8'))
       and not exists (select from ${atPlace('events').replace(' on ', ' where ')}) and not exists (select from ${atPlace('archived_events').replace(' on ', ' where ')})`;
  const [found] = await sql.execute<{ id: string; position: number; problem: string }>(
    `select f.stream_id as id, f.stream_position::float8 as position, f.problem from (
       ${other('events')} union all ${other('archived_events')} union all ${elsewhere('events')} union all ${elsewhere('archived_events')}
       union all ${unknown} union all ${unsealed}) f order by f.global_position limit 1`,
    [category],
  );
  if (!found) return;
  throw new BackstoryError(
    'IMPORT_REFUSED',
    `${streamName(category, found.id)}@${found.position} of the export can't be imported: the database ${found.problem}. Nothing of "${category}" was imported.`,
    'Is it an export of this database? Compare them: npx backstory export <folder> --check',
  );
}

/** @returns what was missing, and is there now */
async function place(
  sql: SqlExecutor,
  schema: string,
  category: string,
  dryRun: boolean,
): Promise<Omit<ImportReport, 'category' | 'dryRun'>> {
  const name = quoteIdentifier(schema);
  const atPlace = 'v.category = $1 and v.stream_id = e.stream_id and v.stream_position = e.stream_position';
  const stays = `(${sameOrErasedSql('v', 'e')} or not ${name}.is_stand_in(v.metadata))`;
  // one that stands for it in the log is no reason, unless it is what was exported
  await sql.execute(
    `create temporary table missing_events on commit drop as
     select e.* from ${exportedTable} e
     where not exists (select from ${name}.events v where ${atPlace} and (${sameSql('v', 'e')} or not ${name}.is_stand_in(v.metadata)))
       and not exists (select from ${name}.archived_events v where ${atPlace} and ${stays})`,
    [category],
  );
  const [counted] = await sql.execute<{ present: number; erased: number; streams: number; events: number }>(
    `with erased as (
       select distinct m.stream_id from pg_temp.missing_events m join ${name}.erasures r
         on r.category = $1 and r.stream_id = m.stream_id and r.erased_at > m.read_at - interval '1 hour'
     ), kept as (
       delete from pg_temp.missing_events m where m.stream_id in (select stream_id from erased) returning 1
     )
     select ((select count(*) from ${exportedTable}) - count(*))::float8 as present, (select count(*) from erased)::float8 as erased,
       (count(distinct m.stream_id) filter (where not m.stream_id in (select stream_id from erased)))::float8 as streams,
       (count(*) filter (where not m.stream_id in (select stream_id from erased)))::float8 as events
     from pg_temp.missing_events m`,
    [category],
  );
  const { present, erased, streams, events } = counted as NonNullable<typeof counted>;
  if (!dryRun) {
    await sql.execute(
      `delete from ${name}.archived_events v using pg_temp.missing_events e where ${atPlace} and ${name}.is_stand_in(v.metadata)`,
      [category],
    );
    await sql.execute(
      `insert into ${name}.archived_events
         (global_position, stream_position, recorded_at, schema_version, change, category, stream_id, type, data, metadata)
       select global_position, stream_position, recorded_at, schema_version, change, $1, stream_id, type, data, metadata
       from pg_temp.missing_events`,
      [category],
    );
  }
  return { streams, events, present, left: { erased } };
}
