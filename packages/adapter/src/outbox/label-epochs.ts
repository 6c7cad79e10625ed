import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import type { LogEpoch } from './log-epoch.js';
import { streamKey } from './parked-events.js';

/**
 * Events with the epoch that each belongs to, and the first of its stream in an epoch with the epoch of the one before it: by
 * that a receiver knows where a stream goes on after a loss. In the first epoch there is nothing to say, and nothing is asked.
 */
export async function labelEpochs(
  sql: SqlExecutor,
  schema: string,
  epochs: readonly LogEpoch[],
  events: readonly RecordedEvent[],
  { includeBackfill = false }: { readonly includeBackfill?: boolean },
): Promise<readonly RecordedEvent[]> {
  const [first] = epochs;
  if (!first || !events.some(({ globalPosition }) => reaches(globalPosition, first))) return events;
  const stretch = (position: string): LogEpoch | undefined =>
    epochs.findLast((epoch) => reaches(position, epoch));
  const epochOf = (position: string): string => stretch(position)?.number ?? '0';
  const before = new Map<string, string>();
  const ends = new Map<string, RecordedEvent>();
  const asked: RecordedEvent[] = [];
  for (const event of events) {
    const previous = ends.get(streamKey(event));
    ends.set(streamKey(event), event);
    if (previous?.streamPosition === event.streamPosition - 1)
      before.set(placeOf(event), epochOf(previous.globalPosition));
    else if (event.streamPosition > 1 && epochOf(event.globalPosition) !== '0') asked.push(event);
  }
  for (const { place, position, backfilled } of await previousPositions(sql, schema, asked))
    // who isn't given it must not wait for it
    if (!backfilled || includeBackfill) before.set(place, epochOf(position));
  return events.map((event) => {
    const found = stretch(event.globalPosition);
    if (!found) return event;
    const { number: epoch, survivedPosition } = found;
    const epochPosition = String(BigInt(survivedPosition) + 1n);
    const previousEpoch = before.get(placeOf(event)) ?? '0';
    return { ...event, epoch, epochPosition, ...(previousEpoch !== epoch && { previousEpoch }) };
  });
}

const reaches = (position: string, { firstPosition }: LogEpoch): boolean =>
  BigInt(position) >= BigInt(firstPosition);

function placeOf(event: RecordedEvent): string {
  return `${streamKey(event)}@${event.streamPosition}`;
}

/** Where the events before these stand in the log or the archive. */
async function previousPositions(
  sql: SqlExecutor,
  schema: string,
  events: readonly RecordedEvent[],
): Promise<{ place: string; position: string; backfilled: boolean }[]> {
  if (events.length === 0) return [];
  const rows = await sql.execute<{ n: number; position: string; backfilled: boolean }>(
    `select w.n::integer as n, e.global_position::text as position,
       coalesce(e.metadata ->> 'origin' = 'backfill', false) as backfilled
     from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality w (category, stream_id, position, n)
     join ${quoteIdentifier(schema)}.all_events e
       on e.category = w.category and e.stream_id = w.stream_id and e.stream_position = w.position - 1`,
    [
      events.map(({ category }) => category),
      events.map(({ streamId }) => streamId),
      events.map(({ streamPosition }) => String(streamPosition)),
    ],
  );
  return rows.map(({ n, ...row }) => ({ place: placeOf(events[n - 1] as RecordedEvent), ...row }));
}
