import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import type { EnteredLog } from '../../outbox/index.js';
import type { Claim } from './claim-elsewhere.js';
import { eventsArchived, eventsLost } from './faults-elsewhere.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';

/**
 * That the log still has every event that the projection has handled, and those that are to come. Either database may have been put back
 * to an older state by itself.
 * @throws BackstoryError CHECKPOINT_AHEAD, CHECKPOINT_TOO_OLD
 */
export async function requireSameLog(
  sql: SqlExecutor,
  schema: string,
  of: GenerationElsewhere,
  { epochs }: EnteredLog,
  { checkpoint: { position }, logEpoch }: Claim,
  /** How far it was, as the log has been told. */
  told: bigint,
): Promise<void> {
  if (position === 0n) return;
  const since = epochs.find(({ number }) => BigInt(number) > BigInt(logEpoch));
  if (since && position > BigInt(since.survivedPosition))
    throw eventsLost(of, position, since.survivedPosition);
  const table = quoteIdentifier(schema);
  const [log] = await sql.execute<{ end: string }>(`select ${table}.log_end()::text as end`);
  if (log && BigInt(log.end) < position) throw eventsLost(of, position, log.end);
  if (told <= position) return;
  const [archived] = await sql.execute<{ position: string | null }>(
    `select min(global_position)::text as position from ${table}.archived_events where global_position > $1`,
    [String(position)],
  );
  if (archived?.position) throw eventsArchived(of, position, archived.position);
}
