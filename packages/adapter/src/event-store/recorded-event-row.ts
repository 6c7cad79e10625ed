import { changeFromCode, type EventData, type EventMetadata, type RecordedEvent } from '../event/index.js';

/** The columns of the events table as {@link toRecordedEvent} wants them. */
export const eventColumns =
  'global_position::text, stream_position::text, recorded_at, schema_version, change, category, stream_id, type, data, metadata';

export interface EventRow {
  global_position: string;
  stream_position: string;
  recorded_at: Date;
  schema_version: number;
  change: string;
  category: string;
  stream_id: string;
  type: string;
  data: EventData;
  metadata: Omit<EventMetadata, 'origin'>;
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
    recordedAt: row.recorded_at,
  };
}
