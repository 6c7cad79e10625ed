import { BackstoryError } from '../errors.js';
import { type RecordedEvent, streamName } from '../event/index.js';
import { type EventRow, toRecordedEvent } from '../event-store/index.js';
import type { SealedEvent } from '../seals/index.js';

/** An event as a file has it: every value as the text that stands in the log. */
export interface ExportedEvent extends SealedEvent {
  /** Of an encrypted export: the stretch of the log, by which its values are decrypted. */
  readonly epoch?: string;
}

/** Microseconds from 1970 to 2000, from which PostgreSQL counts. */
const since1970 = BigInt(Date.UTC(2000, 0, 1)) * 1000n;

/** `2026-11-30T16:01:14.123456Z`. @throws BackstoryError EXPORT_REFUSED for what no calendar has, such as infinity */
export function momentOf(event: SealedEvent): string {
  const micros = BigInt(event.recordedAt) + since1970;
  const milliseconds = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
  const date = new Date(Number(milliseconds));
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999))
    throw unexportable(event, 'the time at which it was recorded has no month');
  return `${date.toISOString().slice(0, -1)}${String(micros - milliseconds * 1000n).padStart(3, '0')}Z`;
}

/** Microseconds since 2000, from what {@link momentOf} has written. */
export function microsOf(moment: string): string {
  const milliseconds = BigInt(Date.parse(`${moment.slice(0, 23)}Z`));
  return String(milliseconds * 1000n + BigInt(moment.slice(23, 26)) - since1970);
}

/** A position as a number, which every reader of JSON reads whole. */
export function numberOf(event: SealedEvent, position: string): number {
  const number = Number(position);
  if (Number.isSafeInteger(number)) return number;
  throw unexportable(event, `position ${position} is beyond 2^53`);
}

function unexportable({ category, streamId, streamPosition }: SealedEvent, why: string): BackstoryError {
  return new BackstoryError(
    'EXPORT_REFUSED',
    `${streamName(category, streamId)}@${streamPosition} can't be exported: ${why}.`,
    'It was written by hand. Leave its category out, or correct it as the owner of the table.',
  );
}

/** As the log would have given it. */
export function recordedEventOf(event: ExportedEvent): RecordedEvent {
  const recorded = toRecordedEvent({
    global_position: event.globalPosition,
    stream_position: event.streamPosition,
    recorded_at: String(BigInt(event.recordedAt) + since1970),
    schema_version: Number(event.schemaVersion),
    change: event.change,
    category: event.category,
    stream_id: event.streamId,
    type: event.type,
    data: JSON.parse(event.data) as EventRow['data'],
    metadata: JSON.parse(event.metadata) as EventRow['metadata'],
  });
  return event.epoch === undefined ? recorded : { ...recorded, epoch: event.epoch };
}
