import { type Database, quoteIdentifier } from '../database/index.js';
import { copiedData, type EventData, type RecordedEvent } from '../event/index.js';
import { eventColumns, type EventRow, toRecordedEvent } from '../event-store/index.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import type { ValuesBefore } from '../outbox/index.js';
import {
  type AggregateState,
  fold,
  type ReplayedStream,
  replayVersions,
  settledAggregate,
} from '../replay/index.js';
import { upcast } from '../upcasting/index.js';

type Found = Map<RecordedEvent, EventData | null>;

/** First events of what was there before: nobody knows what it was. */
const foundThere = ['backfill', 'archive', 'repair'];

/** What the aggregates of the application were before some events: two queries at most for each of them. */
export function valuesBefore(database: Database, schema: string, mappings: MappingRegistry): ValuesBefore {
  return async (events) => {
    const found: Found = new Map();
    for (const category of new Set(events.map((event) => event.category))) {
      const mapping = mappings.all().find(({ knownAs }) => knownAs === category);
      if (!mapping) continue;
      const streams = streamsOf(events.filter((event) => event.category === category));
      await findIn(database, schema, mapping, streams, found);
    }
    return found;
  };
}

async function findIn(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  streams: ReadonlyMap<string, readonly RecordedEvent[]>,
  found: Found,
): Promise<void> {
  const begun = new Map([...streams].map(([id, events]) => [id, firstOf(events) - 1]));
  const states = await replayVersions(
    database,
    schema,
    mapping,
    new Map([...begun].filter(([, position]) => position > 0)),
  );
  const between = await eventsBetween(database, schema, mapping, streams);
  for (const [streamId, events] of streams) {
    const state = states.get(streamId);
    if (!state && begun.get(streamId) !== 0) continue;
    try {
      tell(mapping, streamId, state, events, between.get(streamId) ?? [], found);
    } catch {
      // of a stream that can't be replayed nothing is told
    }
  }
}

/** Goes along one stream, from before the first of the events to before the last. */
function tell(
  mapping: EntityMapping,
  streamId: string,
  replayed: ReplayedStream | undefined,
  events: readonly RecordedEvent[],
  between: readonly RecordedEvent[],
  found: Found,
): void {
  const paths = mapping.parts.map(({ part }) => part.path);
  let state: AggregateState = replayed ?? { root: undefined, parts: new Map() };
  let position = replayed?.position ?? 0;
  let next = 0;
  for (const event of events) {
    for (; next < between.length; next++) {
      const each = between[next] as RecordedEvent;
      if (each.streamPosition >= event.streamPosition) break;
      const { data } = upcast(mapping, each);
      const current = { ...each, data: copiedData(data) };
      state = fold({ category: mapping.category, streamId }, [current], paths, { position, state });
      position = each.streamPosition;
    }
    const isUnknown = event.change === 'created' && foundThere.includes(event.metadata.origin);
    if (position === event.streamPosition - 1 && !isUnknown)
      found.set(event, copiedData(settledAggregate(mapping, state)));
  }
}

/** In the order of their stream, whatever order the log has. */
function streamsOf(events: readonly RecordedEvent[]): Map<string, RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) streams.set(event.streamId, [...(streams.get(event.streamId) ?? []), event]);
  for (const each of streams.values()) each.sort((one, other) => one.streamPosition - other.streamPosition);
  return streams;
}

const firstOf = ([first]: readonly RecordedEvent[]): number => first?.streamPosition ?? 1;

/** Of streams with several events, those from the first to before the last: also such as the consumer doesn't get. */
async function eventsBetween(
  database: Database,
  schema: string,
  { category }: EntityMapping,
  streams: ReadonlyMap<string, readonly RecordedEvent[]>,
): Promise<Map<string, RecordedEvent[]>> {
  const several = [...streams].filter(([, events]) => events.length > 1);
  if (several.length === 0) return new Map();
  const rows = await database.execute<EventRow>(
    `select ${eventColumns} from unnest($2::text[], $3::bigint[], $4::bigint[]) x (id, first, last)
     join ${quoteIdentifier(schema)}.all_events e on e.category = $1 and e.stream_id = x.id
       and e.stream_position >= x.first and e.stream_position < x.last
     order by e.stream_id, e.stream_position`,
    [
      category,
      several.map(([id]) => id),
      several.map(([, events]) => firstOf(events)),
      several.map(([, events]) => events.at(-1)?.streamPosition ?? 1),
    ],
  );
  return streamsOf(rows.map(toRecordedEvent));
}
