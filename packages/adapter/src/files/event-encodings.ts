import type { EventEncoding } from './event-encoding.js';
import { eventLines } from './event-lines.js';
import { parquetEvents } from './parquet-events.js';

/** What files of an export are: lines of JSON, compressed, or Parquet. */
export type ExportFormat = 'ndjson' | 'parquet';

export const eventEncodings: Readonly<Record<ExportFormat, EventEncoding>> = {
  ndjson: eventLines,
  parquet: parquetEvents,
};
