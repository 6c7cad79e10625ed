import { type Database, quoteIdentifier, requireGoing, StoppedError } from '../database/index.js';
import type { ProgressOptions } from '../observation/index.js';
import type { FileStore } from './file-store.js';
import { holdStreams } from './import-category.js';
import { exportedTable, loadExported, sameSql } from './load-exported.js';
import type { ExportManifest } from './manifest.js';

/** What was dropped from the archive, or would be, because an export has it. */
export interface DropReport {
  readonly category: string;
  readonly streams: number;
  readonly events: number;
  /** What stays in the archive. */
  readonly left: {
    /** Streams of which the archive has an event that is not in the files, or another one there: export again, or in another folder where values were erased since. */
    readonly notExported: number;
  };
  readonly dryRun: boolean;
  /** It was stopped by its signal, and nothing of this category was dropped. */
  readonly stopped?: true;
}

/**
 * Drops from the archive what the files of an export have to the letter: of a stream all of its archived events, or none.
 * @throws BackstoryError EXPORT_UNREADABLE
 */
export async function dropExported(
  database: Database,
  schema: string,
  store: FileStore,
  manifest: ExportManifest,
  category: string,
  { dryRun = false, onProgress, signal }: ProgressOptions & { dryRun?: boolean },
): Promise<DropReport> {
  const name = quoteIdentifier(schema);
  // what stood in the log for archived events goes to the archive with those that came later, where it says nothing of its own
  const isExported = `(${sameSql('a', 'e')} or ${name}.is_stand_in(a.metadata) and a.global_position = e.global_position)`;
  let done = 0;
  const heard = (events: number): void => {
    requireGoing(signal);
    onProgress?.({ category, done: (done += events), unit: 'events' });
  };
  try {
    heard(0);
    return await database.transaction(async (sql) => {
      await loadExported(sql, store, manifest, category, ({ events }) => heard(events));
      // in the order in which import takes them
      await sql.execute(`lock table ${name}.archived_events in row exclusive mode`);
      await holdStreams(sql, schema, category);
      await sql.execute(
        `create temporary table droppable_streams on commit drop as
         select a.stream_id, bool_and(e.stream_id is not null) as exported
         from ${name}.archived_events a left join ${exportedTable} e
           on e.stream_id = a.stream_id and e.stream_position = a.stream_position and ${isExported}
         where a.category = $1 group by a.stream_id`,
        [category],
      );
      const [counted] = await sql.execute<{ streams: number; events: number; left: number }>(
        `select (count(*) filter (where s.exported))::float8 as streams, (count(*) filter (where not s.exported))::float8 as left,
           (select count(*) from ${name}.archived_events a where a.category = $1
              and a.stream_id in (select stream_id from pg_temp.droppable_streams where exported))::float8 as events
         from pg_temp.droppable_streams s`,
        [category],
      );
      const { streams, events, left } = counted as NonNullable<typeof counted>;
      if (!dryRun) {
        await sql.execute(
          `delete from ${name}.archived_events a using ${exportedTable} e
           where a.category = $1 and e.stream_id = a.stream_id and e.stream_position = a.stream_position and ${isExported}
             and a.stream_id in (select stream_id from pg_temp.droppable_streams where exported)`,
          [category],
        );
      }
      return { category, streams, events, left: { notExported: left }, dryRun };
    });
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    return { category, streams: 0, events: 0, left: { notExported: 0 }, dryRun, stopped: true };
  }
}
