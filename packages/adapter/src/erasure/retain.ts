import type { Database } from '../database/index.js';
import { sqlState } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import { streamIdsBehind, streamsAtATime } from '../event-store/index.js';
import type { ProgressOptions } from '../observation/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { requireUpcasters } from '../replay/index.js';
import { eraseStream } from './erase-stream.js';
import type { ErasureOptions } from './erasure-options.js';
import { planRedactions, type RedactionPlan } from './plan-redactions.js';
import { type Choice, mappingOf, named, namesSubject } from './properties.js';
import { type StoredEvent, storedEvents } from './stored-events.js';
import { supersededValues } from './superseded-values.js';

/** What it hears of are streams that were looked through, without a total. It is stopped behind a stream. */
export interface RetentionOptions extends Pick<ErasureOptions, 'by' | 'dryRun'>, ProgressOptions {}

/** What was erased because it was old, or would be. */
export interface RetentionReport {
  readonly category: string;
  /** What was recorded before is old. Null of what could not be looked through. */
  readonly before: Date | null;
  readonly streams: number;
  readonly events: number;
  readonly dryRun: boolean;
  /** Why it could not be looked through, where it couldn't: nothing of it was erased. */
  readonly unseen?: string;
  /** It is a topic: no option says how long its events are kept. */
  readonly topic?: true;
  /** It was stopped by its signal: the next run goes on with what is left. */
  readonly stopped?: true;
}

const pageSize = 200;

/**
 * Erases what events of an aggregate say that is older than it says: of streams that have ended all, of living ones what was
 * superseded since. What a row is now stays, however old. Stream by stream; what is done is left alone by the next run.
 * @throws InvalidOptionsError for a time that PostgreSQL can't read
 */
export async function retainAggregate(
  database: Database,
  schema: string,
  root: EntityMapping,
  { by, dryRun = false, signal, onProgress }: RetentionOptions,
): Promise<RetentionReport | undefined> {
  const { retain } = root;
  if (!retain) return undefined;
  requireUpcasters(root);
  const before = await cutOff(database, root, retain.after);
  const chosen = retained(root, retain.properties);
  const plan = (events: readonly StoredEvent[]): RedactionPlan => {
    const isPast = supersededValues(root, events);
    return planRedactions(root, events, chosen, {
      mayErase: (event, path) => event.old && isPast(event, path),
    });
  };
  const report = { category: root.knownAs, before, streams: 0, events: 0, dryRun };
  let looked = 0;
  const heard = (): void => onProgress?.({ category: root.knownAs, done: looked, unit: 'streams' });
  heard();
  for (let after: string | undefined, more = true; more;) {
    if (signal?.aborted) return { ...report, stopped: true };
    const ids: string[] = await streamIdsBehind(database, schema, root.category, after, pageSize);
    for await (const [streamId, ofStream] of eachStream(database, schema, root.category, ids, before)) {
      if (signal?.aborted) return { ...report, stopped: true };
      if (plan(ofStream).redactions.length === 0) continue;
      const erased = await eraseStream(database, schema, root, streamId, {
        chosen,
        plan,
        before,
        dryRun,
        reason: `kept for ${retain.after}`,
        ...(by !== undefined && { by }),
      });
      report.events += erased.events;
      if (erased.events > 0) report.streams++;
    }
    looked += ids.length;
    heard();
    after = ids.at(-1);
    more = ids.length === pageSize;
  }
  return report;
}

/** Streams with all their events, as many at a time as may be in memory together. */
async function* eachStream(
  database: Database,
  schema: string,
  category: string,
  streamIds: readonly string[],
  before: Date,
): AsyncGenerator<[string, StoredEvent[]], void, undefined> {
  for (const ids of await streamsAtATime(database, schema, category, streamIds)) {
    const events = new Map<string, StoredEvent[]>(ids.map((id) => [id, []]));
    for (const event of await storedEvents(database, schema, category, ids, before))
      events.get(event.streamId)?.push(event);
    yield* events;
  }
}

function retained(root: EntityMapping, properties: readonly string[] | 'all'): Choice {
  if (properties !== 'all') return named(properties);
  return (path) => {
    const mapping = mappingOf(root, path);
    return !mapping || !((mapping.links ?? []).includes(path[2] ?? path[0]) || namesSubject(mapping, path));
  };
}

async function cutOff(database: Database, { knownAs }: EntityMapping, after: string): Promise<Date> {
  const rows = await database
    .execute<{ before: number }>(
      `select date_part('epoch', now() - $1::interval) * 1000 as before where $1::interval > interval '0'`,
      [after],
    )
    .catch((error: unknown) => {
      if (!sqlState(error)?.startsWith('22')) throw error;
      return [];
    });
  const [row] = rows;
  if (row) return new Date(row.before);
  throw new InvalidOptionsError(
    `retain of "${knownAs}": "${after}" is no time that something can be kept for.`,
    "Give an interval as PostgreSQL reads it, such as '7 years' or '90 days'.",
  );
}
