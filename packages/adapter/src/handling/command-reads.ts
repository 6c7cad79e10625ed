import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { AggregateNotFoundError, BackstoryError, WrongExpectedVersionError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** A stream that a command has only read, and where it ended then. */
export interface StreamRead {
  readonly mapping: EntityMapping;
  readonly streamId: string;
  readonly position: number;
}

/** Where streams end, in the order of their names, in which they are held later: so nobody waits in a circle. */
export async function readEnds(
  sql: SqlExecutor,
  schema: string,
  streams: readonly Omit<StreamRead, 'position'>[],
): Promise<StreamRead[]> {
  if (streams.length === 0) return [];
  const rows = await sql.execute<{ n: string; position: string }>(
    `select s.n::text as n, (select coalesce(max(v.stream_position), 0) from ${quoteIdentifier(schema)}.visible_events v
       where v.category = s.category and v.stream_id = s.id)::text as position
     from unnest($1::text[], $2::text[]) with ordinality s (category, id, n) order by s.category collate "C", s.id collate "C"`,
    [streams.map(({ mapping }) => mapping.category), streams.map(({ streamId }) => streamId)],
  );
  return rows.map(({ n, position }) => ({
    ...(streams[Number(n) - 1] as StreamRead),
    position: Number(position),
  }));
}

/**
 * Holds the end of a stream for the transaction that is open, as an UPDATE of its row would.
 * @throws WrongExpectedVersionError where it isn't the one that was read; AggregateNotFoundError; BackstoryError COMMAND_REFUSED
 */
export async function holdEnd(
  sql: SqlExecutor,
  schema: string,
  { mapping: { category, knownAs, parts }, streamId, position }: StreamRead,
): Promise<void> {
  if (parts.length > 0) {
    throw new BackstoryError(
      'COMMAND_REFUSED',
      `The end of "${streamName(knownAs, streamId)}" can't be held: "${knownAs}" owns others, and its events get their positions at commit.`,
      'Leave it out of "reads", and lock what the decision depends on in a transaction of yours.',
    );
  }
  const [end] = await sql.execute<{ position: string | null }>(
    `select ${quoteIdentifier(schema)}.hold_stream_end($1, $2)::text as position`,
    [category, streamId],
  );
  if (end?.position === null || end === undefined)
    throw new AggregateNotFoundError(knownAs, streamId, { wasDeleted: position > 0 });
  if (Number(end.position) !== position)
    throw new WrongExpectedVersionError(streamName(knownAs, streamId), position, Number(end.position));
}

/**
 * Looks at where a stream ends, without holding it: that of an aggregate with parts, which nobody can hold before the commit. What the statements of the
 * command have written that asks for it doesn't count.
 * @throws WrongExpectedVersionError where it isn't the one that was read
 */
export async function requireEnd(
  sql: Pick<SqlExecutor, 'execute'>,
  schema: string,
  { mapping: { category, knownAs }, streamId, position }: StreamRead,
): Promise<void> {
  const name = quoteIdentifier(schema);
  const [end] = await sql.execute<{ position: string }>(
    `select ((select coalesce(max(e.stream_position), 0) from ${name}.events e where e.category = $1 and e.stream_id = $2)
       + (select count(*) from ${name}.pending_events p
          where p.transaction = pg_current_xact_id_if_assigned() and p.category = $1 and p.stream_id = $2
            and p.metadata ->> 'scope' is distinct from coalesce(${name}.statement_context(current_query()) ->> 'scope', '')))::text as position`,
    [category, streamId],
  );
  if (Number(end?.position) !== position)
    throw new WrongExpectedVersionError(streamName(knownAs, streamId), position, Number(end?.position));
}
