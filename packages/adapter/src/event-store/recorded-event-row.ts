import { changeFromCode, type EventData, type EventMetadata, type RecordedEvent } from '../event/index.js';

/** As a whole number: the text of a moment depends on the session's settings, and takes six times as long to read. */
export const recordedAtColumn = `(date_part('epoch', recorded_at) * 1000000)::bigint as recorded_at`;

const columnsBeforeData = `global_position::text, stream_position::text, ${recordedAtColumn}, schema_version, change, category, stream_id, type`;

/** The columns of the events table as {@link toRecordedEvent} wants them. */
export const eventColumns = `${columnsBeforeData}, data, metadata`;

/** The same for a list of events: data that are larger than this, as they are stored, aren't read but come as {}, with their size in `bytes`. */
export function listedColumns(event: string, largest: number): string {
  const size = `pg_column_size(${event}.data)`;
  return `${columnsBeforeData}, case when ${size} > ${largest} then '{}' else ${event}.data end as data, metadata,
    case when ${size} > ${largest} then ${size} end as bytes`;
}

export interface EventRow {
  global_position: string;
  stream_position: string;
  /** Microseconds since 1970. */
  recorded_at: string;
  schema_version: number;
  change: string;
  category: string;
  stream_id: string;
  type: string;
  data: EventData;
  metadata: Omit<EventMetadata, 'origin'>;
  /** Of a list: as its data are stored, which are left out then. */
  bytes?: number | null;
}

export function toRecordedEvent(row: EventRow): RecordedEvent {
  return {
    globalPosition: row.global_position,
    category: row.category,
    streamId: row.stream_id,
    streamPosition: Number(row.stream_position),
    type: row.type,
    change: changeFromCode(row.change),
    schemaVersion: row.schema_version,
    data: row.data,
    metadata: { origin: 'capture', ...row.metadata },
    recordedAt: toRecordedAt(row),
  };
}

export function toRecordedAt({ recorded_at }: Pick<EventRow, 'recorded_at'>): Date {
  return new Date(Math.floor(Number(recorded_at) / 1000));
}
