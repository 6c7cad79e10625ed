import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { changeFromCode, type EventMetadata, type UpcastableEvent } from '../event/index.js';

/** An event as it stands in the log, or in the archive. */
export interface StoredEvent extends UpcastableEvent {
  readonly archived: boolean;
  /** Stands in the log for what is archived at its place. */
  readonly standIn: boolean;
  readonly metadata: Partial<EventMetadata>;
  /** Before the moment that was asked for. */
  readonly old: boolean;
  /** Of a stream that has ended without an event of its own. */
  readonly endedUntracked?: boolean;
}

interface Row extends Omit<StoredEvent, 'change' | 'streamPosition'> {
  readonly code: string;
  readonly position: number;
}

/** Every event of some streams, also archived ones and what stands for these, in order of streams and positions. */
export async function storedEvents(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamIds: readonly string[],
  before?: Date,
): Promise<StoredEvent[]> {
  const name = quoteIdentifier(schema);
  const from = (table: string, archived: boolean): string =>
    `select ${archived} as archived, ${archived ? 'false' : `${name}.is_stand_in(e.metadata)`} as "standIn", e.category,
       e.stream_id as "streamId", e.stream_position::float8 as position, e.type, e.change as code,
       e.schema_version as "schemaVersion", e.data, e.metadata, coalesce(e.recorded_at < $3::timestamptz, false) as old
     from ${name}.${table} e where e.category = $1 and e.stream_id = any ($2::text[])`;
  const rows = await sql.execute<Row>(
    `with ended as materialized (select i.id from unnest($2::text[]) i (id) where ${name}.ended_untracked($1, i.id))
     select e.*, e."streamId" in (select id from ended) as "endedUntracked"
     from (${from('archived_events', true)} union all ${from('events', false)}) e
     order by "streamId" collate "C", position, archived desc`,
    [category, streamIds, before ?? null],
  );
  return rows.map(({ code, position, ...event }) => ({
    ...event,
    change: changeFromCode(code),
    streamPosition: position,
  }));
}
