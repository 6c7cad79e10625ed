import { loadClient } from '../brokers/publishing/index.js';
import type { EventEncoding } from './event-encoding.js';
import type { ExportedEvent } from './exported-event.js';

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' } as const;
const whole = { type: 'INT64', repetition_type: 'REQUIRED' } as const;
const moment = {
  type: 'INT64',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  repetition_type: 'REQUIRED',
} as const;

/** Microseconds from 1970 to 2000. */
const since1970 = 946_684_800_000_000n;

/** The columns of the log, in its names. Data and metadata are texts of JSON, to the letter. */
const columns = [
  { name: 'global_position', ...whole },
  { name: 'stream_position', ...whole },
  { name: 'recorded_at', ...moment },
  { name: 'schema_version', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'change', ...text },
  { name: 'category', ...text },
  { name: 'stream_id', ...text },
  { name: 'type', ...text },
  { name: 'metadata', ...text },
  { name: 'data', ...text },
] as const;

/** Rows of columns, compressed by Snappy. Needs the packages `hyparquet-writer` and `hyparquet`. */
export const parquetEvents: EventEncoding = {
  extension: 'parquet',
  encode: async (events) => {
    const { parquetWriteBuffer } = await loadClient('hyparquet-writer', () => import('hyparquet-writer'));
    const epoch = { name: 'epoch', ...text };
    const all = events.some((event) => event.epoch !== undefined) ? [...columns, epoch] : columns;
    return new Uint8Array(
      parquetWriteBuffer({
        schema: [{ name: 'event', num_children: all.length }, ...all],
        columnData: all.map(({ name }) => ({ name, data: events.map((event) => valueOf(event, name)) })),
        createdBy: '@backstory/adapter',
      }),
    );
  },
  decode: async (body) => {
    const { parquetReadObjects } = await loadClient('hyparquet', () => import('hyparquet'));
    const file = body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) as ArrayBuffer;
    const rows = await parquetReadObjects({
      file,
      parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
    });
    return rows.map(eventOf);
  },
};

function valueOf(event: ExportedEvent, column: string): unknown {
  switch (column) {
    case 'global_position':
      return BigInt(event.globalPosition);
    case 'stream_position':
      return BigInt(event.streamPosition);
    case 'recorded_at':
      return BigInt(event.recordedAt) + since1970;
    case 'schema_version':
      return Number(event.schemaVersion);
    case 'stream_id':
      return event.streamId;
    default:
      return event[column as 'change' | 'category' | 'type' | 'metadata' | 'data'];
  }
}

function eventOf(row: Record<string, unknown>): ExportedEvent {
  const of = (name: string): string => {
    const value = row[name];
    if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number')
      return String(value);
    throw new SyntaxError(`a row has no ${name}`);
  };
  return {
    globalPosition: of('global_position'),
    category: of('category'),
    streamId: of('stream_id'),
    streamPosition: of('stream_position'),
    type: of('type'),
    change: of('change'),
    schemaVersion: of('schema_version'),
    recordedAt: String(BigInt(of('recorded_at')) - since1970),
    data: of('data'),
    metadata: of('metadata'),
    ...(row['epoch'] !== undefined && { epoch: of('epoch') }),
  };
}
