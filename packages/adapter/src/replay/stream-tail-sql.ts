import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type Change, changeFromCode, type UpcastableEvent } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { MarkedEvent } from './erased-values.js';
import { snapshotFingerprint } from './snapshot-fingerprint.js';

/** The latest snapshot of a stream that may be used, and the events behind it. */
export interface StreamTail {
  readonly snapshot: { readonly position: number; readonly state: unknown } | undefined;
  readonly events: readonly MarkedEvent[];
}

type Snapshot = [position: number, state: unknown] | null;
type Event = [
  position: number,
  code: string,
  version: number,
  type: string,
  data: UpcastableEvent['data'],
  erased?: readonly string[],
];

/**
 * An expression for all that a replay of the stream with this id needs, as one json value: one index probe for the
 * snapshot, one index range for the events, and one value for the driver to read. Null for a stream that isn't there.
 */
export function streamTailSql(mapping: EntityMapping, schema: string, id: string): string {
  // no "::" in a query of the application: TypeORM would take it for a parameter
  return `${quoteIdentifier(schema)}.stream_tail(${quoteLiteral(mapping.category)}, ${id}, ${fingerprintSql(mapping)})`;
}

/** A relation of the same, by `id` as `tail`, for the streams in $1. */
export function streamTailsSql(mapping: EntityMapping, schema: string): string {
  return `${quoteIdentifier(schema)}.stream_tails(${quoteLiteral(mapping.category)}, $1::text[], ${fingerprintSql(mapping)})`;
}

/** As {@link streamTailsSql}, with their ends as `stream_end`, and `tail` null for each whose end stands at its place in $2. */
export function streamTailsUnlessSql(mapping: EntityMapping, schema: string): string {
  return `${quoteIdentifier(schema)}.stream_tails_unless(${quoteLiteral(mapping.category)}, $1::text[], $2::text[], ${fingerprintSql(mapping)})`;
}

/** As {@link streamTailsSql}, up to version $2 and moment $3, and with what is archived. */
export function streamTailsUntilSql(mapping: EntityMapping, schema: string): string {
  return `${quoteIdentifier(schema)}.stream_tails_until(${quoteLiteral(mapping.category)}, $1::text[], ${fingerprintSql(mapping)}, $2::bigint, $3::timestamptz)`;
}

/** As {@link streamTailsUntilSql}, of each stream in $1 up to its own version in $2. */
export function streamTailsOfVersionsSql(mapping: EntityMapping, schema: string): string {
  return `select x.id, t.tail from unnest($1::text[], $2::bigint[]) x (id, version) cross join lateral
    ${quoteIdentifier(schema)}.stream_tails_until(${quoteLiteral(mapping.category)}, array[x.id], ${fingerprintSql(mapping)}, x.version, null) t`;
}

/** Null where no snapshot is to be used. */
function fingerprintSql(mapping: EntityMapping): string {
  return mapping.snapshotEvery > 0 ? quoteLiteral(snapshotFingerprint(mapping)) : 'null';
}

/** Reads what {@link streamTailSql} has put together. */
export function parseStreamTail(category: string, streamId: string, text: string): StreamTail {
  const [snapshot, events] = JSON.parse(text) as [Snapshot, Event[]];
  return {
    snapshot: snapshot ? { position: snapshot[0], state: snapshot[1] } : undefined,
    events: events.map(([streamPosition, code, schemaVersion, type, data, erased]) => ({
      category,
      streamId,
      streamPosition,
      type,
      change: changeFromCode(code) satisfies Change,
      schemaVersion,
      data,
      ...(erased && { erased }),
    })),
  };
}
