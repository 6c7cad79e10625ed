import type { SettledCommand } from './command-claims.js';
import { type CommandedAggregate, hydratedCopies, stateOfRows } from './command-decision.js';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { AggregateNotFoundError } from '../errors.js';
import { type AggregateState, replayStreams } from '../replay/index.js';

/** The entity as a command has left it; as it last was, where the command has ended it. */
export async function settledEntity(
  sql: SqlExecutor,
  aggregate: CommandedAggregate,
  { streamId, position }: SettledCommand,
): Promise<object> {
  const { schema, mapping } = aggregate;
  const at = async (version?: number): Promise<AggregateState | undefined> => {
    const until = version === undefined ? {} : { version };
    return (await replayStreams(sql, schema, mapping, [streamId], until)).get(streamId);
  };
  if (position === 0) return writtenEntity(sql, aggregate, streamId, undefined);
  const then = await at(position);
  if (then?.root) return writtenEntity(sql, aggregate, streamId, then);
  const [ended] = await sql.execute<{ position: string | null }>(
    `select max(e.stream_position)::text as position from ${quoteIdentifier(schema)}.all_events e
     where e.category = $1 and e.stream_id = $2 and e.stream_position <= $3 and e.change = 'd'`,
    [mapping.category, streamId, position],
  );
  // in the transaction that has handled it, its events have no positions yet
  const before = ended?.position ? await at(Number(ended.position) - 1) : await at();
  if (before?.root) return writtenEntity(sql, aggregate, streamId, before);
  throw new AggregateNotFoundError(mapping.knownAs, streamId, { wasDeleted: true });
}

/** The entity behind a change: of the events, or where these don't tell it whole, of the rows. */
export async function writtenEntity(
  sql: SqlExecutor,
  aggregate: CommandedAggregate,
  streamId: string,
  replayed: AggregateState | undefined,
): Promise<object> {
  const { mapping, schema } = aggregate;
  const state = replayed?.root ? replayed : await stateOfRows(sql, schema, mapping, streamId);
  if (!state) throw new AggregateNotFoundError(mapping.knownAs, streamId, { wasDeleted: true });
  const [rows] = await hydratedCopies(sql, aggregate, state, 1);
  return rows?.get(mapping)?.[0]?.entity as object;
}
