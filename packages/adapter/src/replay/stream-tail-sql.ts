import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type Change, changeFromCode, type UpcastableEvent } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { snapshotFingerprint } from './snapshot-fingerprint.js';

/** How far to replay, as SQL: a position in the stream, or a moment; both inclusive. */
export interface UntilSql {
  readonly version?: string;
  readonly asOf?: string;
}

/** The latest snapshot of a stream that may be used, and the events behind it. */
export interface StreamTail {
  readonly snapshot: { readonly position: number; readonly state: unknown } | undefined;
  readonly events: readonly UpcastableEvent[];
}

type Snapshot = [position: number, state: unknown] | null;
type Event = [position: number, code: string, version: number, type: string, data: UpcastableEvent['data']];

/**
 * An expression for all that a replay of the stream with this id needs, as one json value: one index probe for the
 * snapshot, one index range for the events, and one value for the driver to read. Null for a stream that isn't there.
 */
export function streamTailSql(
  mapping: EntityMapping,
  schema: string,
  id: string,
  { version, asOf }: UntilSql = {},
): string {
  const { category, snapshotEvery } = mapping;
  // In a query of the application TypeORM would take short names for the query's own, and "::text" for a parameter.
  const of = (alias: string): string =>
    `${alias}.category = ${quoteLiteral(category)} and ${alias}.stream_id = backstory_r.id`;
  const until = (alias: string): string =>
    (version ? ` and ${alias}.stream_position <= ${version}` : '') +
    (asOf ? ` and ${alias}.recorded_at < ${asOf} + interval '1 millisecond'` : '');
  const kept = snapshotEvery > 0;
  const snapshot = `left join lateral (
      select backstory_n.stream_position as position, backstory_n.state from ${quoteIdentifier(schema)}.snapshots backstory_n
      where ${of('backstory_n')} and backstory_n.fingerprint = ${quoteLiteral(snapshotFingerprint(mapping))}${until('backstory_n')}
      order by backstory_n.stream_position desc limit 1) backstory_s on true`;
  const latest = `coalesce('[' || backstory_s.position || ',' || backstory_s.state || ']', 'null')`;
  const event = ['stream_position', 'change', 'schema_version', 'type', 'data'].map(
    (name) => `backstory_e.${name}`,
  );
  const [position, change, schemaVersion, type, data] = event;
  // put together as text: to build a json array of each event takes twice as long
  return `(select '[' || ${kept ? latest : `'null'`} || ',[' || coalesce(backstory_t.events, '') || ']]'
    from (select ${id} as id offset 0) backstory_r
    ${kept ? snapshot : ''}
    cross join lateral (
      select string_agg(concat('[', ${position}, ',"', ${change}, '",', ${schemaVersion}, ',', to_json(${type}), ',', ${data}, ']'), ',') as events
      from (select ${event.join(', ')} from ${quoteIdentifier(schema)}.events backstory_e
            where ${of('backstory_e')}${kept ? ` and ${position} > coalesce(backstory_s.position, 0)` : ''}${until('backstory_e')}
            order by ${position}) backstory_e) backstory_t
    where backstory_t.events is not null${kept ? ' or backstory_s.position is not null' : ''})`;
}

/** Reads what {@link streamTailSql} has put together. */
export function parseStreamTail(category: string, streamId: string, text: string): StreamTail {
  const [snapshot, events] = JSON.parse(text) as [Snapshot, Event[]];
  return {
    snapshot: snapshot ? { position: snapshot[0], state: snapshot[1] } : undefined,
    events: events.map(([streamPosition, code, schemaVersion, type, data]) => ({
      category,
      streamId,
      streamPosition,
      type,
      change: changeFromCode(code) satisfies Change,
      schemaVersion,
      data,
    })),
  };
}
