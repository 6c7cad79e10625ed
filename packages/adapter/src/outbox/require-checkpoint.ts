import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/**
 * A checkpoint behind the end of the log, as of an older state than it knows: events that come would be passed by in silence.
 * @throws BackstoryError CHECKPOINT_AHEAD
 */
export async function requireCheckpoint(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  position: bigint,
): Promise<void> {
  if (position === 0n) return;
  const table = quoteIdentifier(schema);
  const [log] = await sql.execute<{ end: string }>(`select ${table}.log_end()::text as end`);
  if (!log || BigInt(log.end) >= position) return;
  throw new BackstoryError(
    'CHECKPOINT_AHEAD',
    `Consumer "${consumer}" is to go on behind global position ${position}, and the log ends at ${log.end}: it is an older state than the consumer has seen, so that new events would be passed by.`,
    `Give a consumer of your own a position of this log as "from"; one that the database knows goes on at its end after: UPDATE ${table}.consumers SET position = ${log.end}, gaps = '[]', epoch = epoch + 1 WHERE name = '${consumer.replaceAll("'", "''")}';`,
  );
}
