import { pinSettings, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { unreadableEvent } from '../event-store/index.js';
import type { SealedEvent } from './leaf.js';

/** What stands at one position of the log. */
export interface EventAtPosition {
  readonly position: bigint;
  readonly event: SealedEvent;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Only what stands for an archived event is there: in place of it, with the same position. */
  readonly standsAlone: boolean;
  /** Something stands in the log for this archived event. */
  readonly hasStandIn: boolean;
  /** There are several, which can't be. */
  readonly others: number;
}

export interface EventsPage {
  readonly events: readonly EventAtPosition[];
  /** How long their texts are. */
  readonly size: number;
}

/** For a transaction that reads events to hash them: the text of a value depends on nothing but the value, and all rows are seen. */
export async function pinForSeals(sql: SqlExecutor): Promise<void> {
  await pinSettings(sql, [`client_encoding = 'UTF8'`, 'row_security = off', 'enable_seqscan = off']);
}

/** As whole microseconds since 2000-01-01 UTC, exact, also of infinity. */
const moment = `('x' || encode(timestamptz_send(recorded_at), 'hex'))::bit(64)::bigint`;
const columns = `global_position, category, stream_id, stream_position, type, change, schema_version, ${moment} as recorded_at, data::text as data, metadata::text as metadata`;

/**
 * The events from one position to another, wherever they stand: in the log or in the archive, which has the word where something
 * stands for it in the log. One statement, so an event that is moved meanwhile is seen once.
 */
export async function readSealedEvents(
  sql: SqlExecutor,
  schema: string,
  from: bigint,
  to: bigint,
): Promise<EventsPage> {
  const name = quoteIdentifier(schema);
  const rows = await sql.executeText(
    `select ${columns}, archived from (
       select e.*, false as archived from ${name}.events e where e.global_position between $1 and $2
       union all select a.*, true from ${name}.archived_events a where a.global_position between $1 and $2) e
     order by e.global_position, archived desc`,
    [String(from), String(to)],
  );
  const events: EventAtPosition[] = [];
  let size = 0;
  for (let first = 0, next = 0; first < rows.length; first = next) {
    const position = (rows[first] as Row)['global_position'];
    while (next < rows.length && (rows[next] as Row)['global_position'] === position) next++;
    const event = atPosition(rows.slice(first, next) as Row[]);
    size += event.event.data.length + event.event.metadata.length;
    events.push(event);
  }
  return { events, size };
}

/** Of the first event behind a position; beyond all of them where there is none. */
export async function nextPosition(sql: SqlExecutor, schema: string, behind: bigint): Promise<bigint> {
  const name = quoteIdentifier(schema);
  const [row] = await sql.execute<{ next: string | null }>(
    `select least((select min(global_position) from ${name}.events where global_position > $1),
                  (select min(global_position) from ${name}.archived_events where global_position > $1)) as next`,
    [String(behind)],
  );
  return BigInt(row?.next ?? 2n ** 63n);
}

type Row = Record<string, string>;

function atPosition(rows: readonly Row[]): EventAtPosition {
  const [first = {}, ...others] = rows.map((row) => ({ row, metadata: parsed(row) }));
  const { row, metadata } = first as { row: Row; metadata: Record<string, unknown> };
  const archived = row['archived'] === 't';
  const rivals = others.filter(
    (other) => !(archived && other.row['archived'] === 'f' && isStandIn(other.metadata)),
  );
  return {
    position: BigInt(row['global_position'] as string),
    event: {
      globalPosition: row['global_position'] as string,
      category: row['category'] as string,
      streamId: row['stream_id'] as string,
      streamPosition: row['stream_position'] as string,
      type: row['type'] as string,
      change: row['change'] as string,
      schemaVersion: row['schema_version'] as string,
      recordedAt: row['recorded_at'] as string,
      data: row['data'] as string,
      metadata: row['metadata'] as string,
    },
    metadata,
    standsAlone: !archived && isStandIn(metadata),
    hasStandIn: rivals.length < others.length,
    others: rivals.length,
  };
}

function parsed({ metadata = '{}' }: Row): Record<string, unknown> {
  const value = JSON.parse(metadata) as Record<string, unknown> | null;
  return typeof value === 'object' && value !== null ? value : {};
}

/** Whether an event may stand for an archived one, as `is_stand_in` of the archive says. */
export function isStandIn(metadata: Readonly<Record<string, unknown>>): boolean {
  return metadata['origin'] === 'archive' || 'filled' in metadata;
}

/**
 * Where the database has no encoding, it may hold what is no UTF-8, which the server doesn't send. Looks at the positions that are
 * read next.
 * @throws BackstoryError SEAL_REFUSED
 */
export async function encodingCheck(
  sql: SqlExecutor,
  schema: string,
): Promise<(from: bigint, to: bigint) => Promise<void>> {
  const [row] = await sql.execute<{ encoding: string }>(
    `select current_setting('server_encoding') as encoding`,
  );
  if (row?.encoding !== 'SQL_ASCII') return () => Promise.resolve();
  return async (from, to) => {
    const unreadable = await unreadableEvent(sql, schema, { from, to });
    if (!unreadable) return;
    throw new BackstoryError(
      'SEAL_REFUSED',
      `The event of stream "${unreadable.stream}" at position ${unreadable.position} is no UTF-8, and this database (SQL_ASCII) doesn't say what else it is: its bytes can't be sealed.`,
      'Move to a database with an encoding, such as UTF8. See docs/evidence.md.',
    );
  };
}
