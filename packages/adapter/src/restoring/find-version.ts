import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { AggregateNotFoundError, BackstoryError, InvalidOptionsError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { RestoredVersion } from './restore-options.js';

/** Where a stream ends, and which of its positions is meant. */
export interface FoundVersion {
  readonly end: number;
  readonly position: number;
}

/** @throws AggregateNotFoundError for a stream without events; BackstoryError RESTORE_REFUSED for a version that it hasn't */
export async function findVersion(
  sql: SqlExecutor,
  schema: string,
  { category, knownAs }: EntityMapping,
  streamId: string,
  { version, asOf }: RestoredVersion,
): Promise<FoundVersion> {
  const name = quoteIdentifier(schema);
  const [found] = await sql.execute<{ end: number | null; position: number | null }>(
    `select greatest(max(e.stream_position), (
              select a.through from ${name}.archived_streams a where a.category = $1 and a.stream_id = $2))::float8 as end,
            max(e.stream_position) filter (where e.recorded_at < $3::timestamptz + interval '1 millisecond')::float8 as position
     from ${name}.all_events e where e.category = $1 and e.stream_id = $2`,
    [category, streamId, asOf ?? null],
  );
  const end = found?.end ?? 0;
  if (end === 0) throw new AggregateNotFoundError(knownAs, streamId);
  const stream = streamName(knownAs, streamId);
  if (version !== undefined && version > end) {
    throw new BackstoryError(
      'RESTORE_REFUSED',
      `Stream "${stream}" has no version ${version}: it ends at position ${end}.`,
      `Give one from 1 to ${end}. "npx backstory history ${knownAs} ${streamId}" shows them.`,
    );
  }
  const position = version ?? found?.position ?? null;
  if (position !== null) return { end, position };
  throw new BackstoryError(
    'RESTORE_REFUSED',
    `Nothing is known of "${stream}" at ${asOf?.toISOString() ?? ''}: its first event is younger.`,
    `Give a later moment, or a version from 1 to ${end}. "npx backstory history ${knownAs} ${streamId}" shows them.`,
  );
}

/** @throws InvalidOptionsError for anything but one whole position from 1 on, or one moment */
export function requireVersion({ version, asOf }: { version?: number; asOf?: Date }): void {
  const wrong = (problem: string): never => {
    throw new InvalidOptionsError(
      problem,
      "Say which version is brought back: { version: 3 }, or { asOf: new Date('2026-01-31T12:00:00Z') }.",
    );
  };
  if ((version === undefined) === (asOf === undefined))
    wrong('A restore needs either a version or a moment.');
  if (version !== undefined && !(Number.isSafeInteger(version) && version > 0))
    wrong(`version ${String(version)} is no position in a stream.`);
  if (asOf !== undefined && !(asOf instanceof Date && !Number.isNaN(asOf.getTime())))
    wrong(`asOf ${String(asOf)} is no moment.`);
}
