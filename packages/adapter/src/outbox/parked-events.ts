import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import { eventColumns, type EventRow, toRecordedEvent } from '../event-store/index.js';
import { errorOfEvent } from './error-of-event.js';
import { partitionSql } from './event-filter.js';
import type { Lease } from './consumer-lease.js';

/** An event that its consumer could not handle, or one that is parked behind such a one of its stream. */
export interface ParkedEvent {
  readonly consumer: string;
  readonly globalPosition: string;
  readonly category: string;
  readonly streamId: string;
  /** Null of one that is parked behind another. */
  readonly error: string | null;
  readonly attempts: number;
  readonly parkedAt: Date;
  readonly failedAt: Date | null;
  /** It was asked for, and its worker has not come to it yet. */
  readonly retry: boolean;
}

/** Which parked events; all of the consumer when nothing is said. */
export interface ParkedSelection {
  /** One stream only. */
  readonly category?: string;
  readonly streamId?: string;
  /** The first ones in the order of their positions, at most. */
  readonly limit?: number;
  /** Up to this global position. */
  readonly stopAt?: string;
}

export interface NewlyParked {
  readonly event: RecordedEvent;
  readonly error: string | null;
  readonly attempts: number;
}

export function streamKey({ category, streamId }: Pick<RecordedEvent, 'category' | 'streamId'>): string {
  return `${category}-${streamId}`;
}

export function parkedBehind(event: RecordedEvent): NewlyParked {
  return { event, error: null, attempts: 0 };
}

/** In the transaction that moves the checkpoint past them. */
export async function park(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  parked: readonly NewlyParked[],
): Promise<void> {
  if (parked.length === 0) return;
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.parked_events
       (consumer, global_position, category, stream_id, error, attempts, failed_at)
     select $1, p.*, case when error is not null then clock_timestamp() end
     from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::integer[])
       as p (global_position, category, stream_id, error, attempts)
     on conflict do nothing`,
    [
      consumer,
      parked.map(({ event }) => event.globalPosition),
      parked.map(({ event }) => event.category),
      parked.map(({ event }) => event.streamId),
      parked.map(({ error }) => error),
      parked.map(({ attempts }) => attempts),
    ],
  );
}

/** The streams of a partition that have parked events. */
export async function parkedStreams(sql: SqlExecutor, schema: string, lease: Lease): Promise<Set<string>> {
  const rows = await sql.execute<{ category: string; streamId: string }>(
    `select distinct category, stream_id as "streamId" from ${quoteIdentifier(schema)}.parked_events e
     where consumer = $1 and ${partitionSql('e', lease.partitions)} = $2`,
    [lease.consumer, lease.partition],
  );
  return new Set(rows.map(streamKey));
}

/** The next of a partition's parked events that somebody wants tried again. */
export async function nextRetry(
  sql: SqlExecutor,
  schema: string,
  lease: Lease,
): Promise<RecordedEvent | undefined> {
  const table = quoteIdentifier(schema);
  const [row] = await sql.execute<EventRow>(
    `select ${eventColumns} from ${table}.events e
     where global_position = (
       select min(p.global_position) from ${table}.parked_events p
       where p.consumer = $1 and p.retry and ${partitionSql('p', lease.partitions)} = $2)`,
    [lease.consumer, lease.partition],
  );
  return row && toRecordedEvent(row);
}

export async function unpark(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  event: RecordedEvent,
): Promise<void> {
  await sql.execute(
    `delete from ${quoteIdentifier(schema)}.parked_events where consumer = $1 and global_position = $2`,
    [consumer, event.globalPosition],
  );
}

/** For the first time, or once more. First in its transaction. */
export async function parkFailed(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  failed: NewlyParked & { readonly error: string },
): Promise<void> {
  const parked = { ...failed, error: await errorOfEvent(sql, schema, failed.event, failed.error) };
  await park(sql, schema, consumer, [parked]);
  await parkAgain(sql, schema, consumer, parked);
}

/** It has failed again: it stays, and so does everything behind it. */
async function parkAgain(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  { event, error, attempts }: NewlyParked,
): Promise<void> {
  await sql.execute(
    `update ${quoteIdentifier(schema)}.parked_events set retry = false,
       error = case global_position when $4 then $5 else error end,
       attempts = case global_position when $4 then $6::integer else attempts end,
       failed_at = case global_position when $4 then clock_timestamp() else failed_at end
     where consumer = $1 and category = $2 and stream_id = $3`,
    [consumer, event.category, event.streamId, event.globalPosition, error, attempts],
  );
}

const columns = `consumer, global_position as "globalPosition", category, stream_id as "streamId", error, attempts,
  parked_at as "parkedAt", failed_at as "failedAt", retry`;

/** The first ones of a selection: so of every stream a beginning, never its later events without the earlier. */
function selectionSql(schema: string): string {
  return `select global_position from ${quoteIdentifier(schema)}.parked_events
    where consumer = $1 and ($2::text is null or category = $2) and ($3::text is null or stream_id = $3)
      and ($4::bigint is null or global_position <= $4) order by global_position limit $5`;
}

function selectionValues(
  consumer: string,
  { category, streamId, stopAt, limit }: ParkedSelection,
): unknown[] {
  return [consumer, category ?? null, streamId ?? null, stopAt ?? null, limit ?? null];
}

export function listParked(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  selection: ParkedSelection,
): Promise<ParkedEvent[]> {
  return sql.execute<ParkedEvent>(
    `select ${columns} from ${quoteIdentifier(schema)}.parked_events
     where consumer = $1 and global_position in (${selectionSql(schema)}) order by global_position`,
    selectionValues(consumer, selection),
  );
}

/** The worker that has the partition does it, with a fresh count of attempts: it hears of it by the new epoch. */
export async function askForRetry(
  database: Database,
  schema: string,
  consumer: string,
  selection: ParkedSelection,
  { by }: { by?: string },
): Promise<ParkedEvent[]> {
  return database.transaction(async (sql) => {
    const table = quoteIdentifier(schema);
    await intervene(sql, schema, consumer);
    const asked = await sql.execute<ParkedEvent>(
      `update ${table}.parked_events set retry = true
       where consumer = $1 and global_position in (${selectionSql(schema)}) returning ${columns}`,
      selectionValues(consumer, selection),
    );
    await sql.execute(
      `insert into ${table}.retry_requests (consumer, events, first_position, last_position, requested_by)
       select $1, count(*), min(p), max(p), coalesce($3, current_user) from unnest($2::bigint[]) p having count(*) > 0`,
      [consumer, asked.map(({ globalPosition }) => globalPosition), by ?? null],
    );
    return asked;
  });
}

/** Takes events from the parked ones for good, and keeps who did it and why. */
export async function discard(
  database: Database,
  schema: string,
  consumer: string,
  selection: ParkedSelection,
  { reason, by }: { reason: string; by?: string },
): Promise<ParkedEvent[]> {
  return database.transaction(async (sql) => {
    const table = quoteIdentifier(schema);
    await intervene(sql, schema, consumer);
    const gone = await sql.execute<ParkedEvent>(
      `delete from ${table}.parked_events
       where consumer = $1 and global_position in (${selectionSql(schema)}) returning ${columns}`,
      selectionValues(consumer, selection),
    );
    await sql.execute(
      `insert into ${table}.discarded_events (consumer, global_position, error, reason, discarded_by)
       select $1, p.*, $4, coalesce($5, current_user) from unnest($2::bigint[], $3::text[]) p on conflict do nothing`,
      [
        consumer,
        gone.map(({ globalPosition }) => globalPosition),
        gone.map(({ error }) => error),
        reason,
        by ?? null,
      ],
    );
    return gone;
  });
}

/** Whatever a worker has under way can't commit: it reads anew what is parked. */
async function intervene(sql: SqlExecutor, schema: string, consumer: string): Promise<void> {
  await sql.execute(`update ${quoteIdentifier(schema)}.consumers set epoch = epoch + 1 where name = $1`, [
    consumer,
  ]);
}
