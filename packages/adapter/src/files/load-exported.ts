import { pinSettings, type SqlExecutor } from '../database/index.js';
import { type ExportedEvent, momentOf } from './exported-event.js';
import type { FileStore } from './file-store.js';
import type { ExportedFile, ExportManifest } from './manifest.js';
import { readExportedFile } from './read-exported-file.js';

/** The table of {@link loadExported}. */
export const exportedTable = 'pg_temp.exported_events';

const eventsAtATime = 500;
/** Characters of events that one statement carries. */
const largest = 8_000_000;

/**
 * Puts the events of a category into a temporary table of the transaction that is open, which the transaction takes with it when it
 * ends: so nothing of them is left in the database, whatever happens.
 * @param onFile - hears of each file, when it is there; what it throws ends the work
 * @throws BackstoryError EXPORT_UNREADABLE
 */
export async function loadExported(
  sql: SqlExecutor,
  store: FileStore,
  manifest: ExportManifest,
  category: string,
  onFile: (file: ExportedFile) => void,
): Promise<void> {
  await pinSettings(sql);
  await sql.execute(
    `create temporary table exported_events (
       global_position bigint, stream_position bigint, recorded_at timestamptz, schema_version smallint, change "char",
       stream_id text collate "C", type text collate "C", data json, metadata jsonb, read_at timestamptz
     ) on commit drop`,
  );
  for (const { readAt, files } of manifest.stretches) {
    for (const file of files) {
      if (file.category !== category) continue;
      const events = await readExportedFile(store, manifest, file);
      for (const some of chunks(events)) await insert(sql, some, readAt);
      onFile(file);
    }
  }
  await sql.execute(
    `create unique index on ${exportedTable} (stream_id, stream_position); analyze ${exportedTable}`,
  );
}

function* chunks(events: readonly ExportedEvent[]): Generator<readonly ExportedEvent[]> {
  let chunk: ExportedEvent[] = [];
  let size = 0;
  for (const event of events) {
    if (chunk.length === eventsAtATime || (chunk.length > 0 && size > largest)) {
      yield chunk;
      [chunk, size] = [[], 0];
    }
    chunk.push(event);
    size += event.data.length + event.metadata.length;
  }
  if (chunk.length > 0) yield chunk;
}

async function insert(sql: SqlExecutor, events: readonly ExportedEvent[], readAt: string): Promise<void> {
  const all = (value: (event: ExportedEvent) => string): string[] => events.map(value);
  await sql.execute(
    `insert into ${exportedTable}
     select global_position, stream_position, recorded_at, schema_version, change::"char", stream_id, type, data::json, metadata::jsonb, $10::timestamptz
     from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       e (global_position, stream_position, recorded_at, schema_version, change, stream_id, type, data, metadata)`,
    [
      all(({ globalPosition }) => globalPosition),
      all(({ streamPosition }) => streamPosition),
      all(momentOf),
      all(({ schemaVersion }) => schemaVersion),
      all(({ change }) => change),
      all(({ streamId }) => streamId),
      all(({ type }) => type),
      all(({ data }) => data),
      all(({ metadata }) => metadata),
      readAt,
    ],
  );
}

/** Whether a row of the database and an exported event are one, to the letter. */
export function sameSql(row: string, exported: string): string {
  return `(${sameButForValuesSql(row, exported)} and ${row}.data::text = ${exported}.data::text and ${row}.metadata = ${exported}.metadata)`;
}

/** But for what an erasure may have taken out of the row since. */
export function sameOrErasedSql(row: string, exported: string): string {
  const isErased = `(${row}.metadata ? 'erased' or ${row}.metadata ->> 'actor' is not distinct from 'erased')`;
  return `(${sameSql(row, exported)} or ${isErased} and ${sameButForValuesSql(row, exported)})`;
}

function sameButForValuesSql(row: string, exported: string): string {
  const columns = [
    'global_position',
    'stream_id',
    'stream_position',
    'recorded_at',
    'schema_version',
    'change',
    'type',
  ];
  return columns.map((column) => `${row}.${column} = ${exported}.${column}`).join(' and ');
}
