import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift, DriftKind } from '../drift/index.js';
import { type EventRow, listedColumns } from '../event-store/index.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import { driftOfStreams } from '../verify/index.js';
import { largestListed, type ListedEvent, listedEvent } from './listed-event.js';
import { type DriftExample, readDriftExamples } from './read-drift-examples.js';
import { type ShownValue, shownValue } from './shown-value.js';

/** Streams that were found to differ from their rows, compared again just now. */
export interface DriftReport {
  /** Those that differ still; of 50 streams at most. */
  readonly streams: readonly DriftedStream[];
  /** Those that reads have found, and that don't differ now. What verify has found and is settled is left out. */
  readonly settled: readonly DriftExample[];
}

export interface DriftedStream {
  readonly streamId: string;
  readonly foundBy: string;
  readonly foundAt: Date;
  readonly drift: readonly ShownDrift[];
  /** The newest first, three at most. */
  readonly lastEvents: readonly Omit<ListedEvent, 'values' | 'bytes' | 'problem'>[];
}

/** A stream, or a part of it, beside its row. */
export interface ShownDrift {
  /** `lines[7]`; null of the root. */
  readonly part: string | null;
  readonly kind: DriftKind;
  readonly values: readonly {
    readonly property: string;
    readonly row: ShownValue;
    readonly replay: ShownValue;
  }[];
  /** Positions that are missing or out of order. */
  readonly positions: readonly number[];
}

const longestValue = 500;
const lastEvents = 3;

/** A drift as it can be shown. What is excluded is not compared, so it isn't in it. */
function shownDrift({ part, kind, properties, positions = [] }: Drift): ShownDrift {
  return {
    part: part ? `${part.path}[${part.id}]` : null,
    kind,
    values: Object.entries(properties).map(([property, { row, replay }]) => ({
      property,
      row: shownValue(row, longestValue),
      replay: shownValue(replay, longestValue),
    })),
    positions,
  };
}

export async function readDrift(
  sql: SqlExecutor,
  schema: string,
  mappings: MappingRegistry,
  mapping: EntityMapping,
): Promise<DriftReport> {
  const { category } = mapping;
  const examples = await readDriftExamples(sql, schema, category);
  const found = new Map([...examples].reverse().map((example) => [example.streamId, example]));
  const ids = [...found.keys()].reverse();
  const rows = await sql.execute<EventRow>(
    `select ${listedColumns('e', largestListed)} from unnest($2::text[]) i (id) cross join lateral (
       select v.* from ${quoteIdentifier(schema)}.all_events v where v.category = $1 and v.stream_id = i.id
       order by v.stream_position desc limit ${lastEvents}) e`,
    [category, ids],
  );
  const events = rows.map((row) => listedEvent(mappings, row));
  const drifts = await driftOfStreams(sql, schema, mapping, ids);
  const streams = ids.flatMap((streamId) => {
    const { foundBy, foundAt } = found.get(streamId) as DriftExample;
    const drift = drifts.filter((each) => each.streamId === streamId).map(shownDrift);
    const last = events.filter((each) => each.streamId === streamId);
    return drift.length === 0
      ? []
      : [{ streamId, foundBy, foundAt, drift, lastEvents: last.map(withoutValues) }];
  });
  const differing = new Set(streams.map(({ streamId }) => streamId));
  return {
    streams,
    settled: examples.filter(({ streamId, foundBy }) => foundBy !== 'verify' && !differing.has(streamId)),
  };
}

function withoutValues({
  values: _,
  bytes: __,
  problem: ___,
  ...event
}: ListedEvent): Omit<ListedEvent, 'values' | 'bytes' | 'problem'> {
  return event;
}
