import { lockStreamEnds } from '../capture/index.js';
import {
  type Database,
  pinSettings,
  quoteIdentifier,
  quoteTable,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import { driftName } from '../drift/index.js';
import { BackstoryError } from '../errors.js';
import { propertyOf } from '../event/index.js';
import { type EntityMapping, rowsOfStreamsSql } from '../mapping/index.js';
import { replayStreams, requireUpcasters } from '../replay/index.js';
import { compare, ofStreams } from '../verify/index.js';
import type { ErasureOptions, ErasureReport } from './erasure-options.js';
import { redactEvents } from './redact-events.js';
import { destroyKeys } from './destroy-keys.js';
import { explainRights } from './explain-rights.js';
import { planRedactions, type RedactionPlan, storedValues } from './plan-redactions.js';
import { type Choice, requireProperties } from './properties.js';
import { stillInTable } from './still-in-table.js';
import { type StoredEvent, storedEvents } from './stored-events.js';

/** What is erased of a stream, once its events are known. */
export interface StreamErasure extends Pick<
  ErasureOptions,
  'properties' | 'actor' | 'by' | 'reason' | 'dryRun'
> {
  readonly chosen: Choice;
  /** @defaultValue all that is chosen */
  readonly plan?: (events: readonly StoredEvent[]) => RedactionPlan;
  /** Events before it are `old`. */
  readonly before?: Date;
  /** Subjects whose keys die with it. @defaultValue none */
  readonly keys?: readonly string[];
}

/**
 * Erases values of one stream, in one transaction that has its rows and its end locked: nobody writes to it meanwhile. It proves
 * that the stream can still be replayed, and that nothing differs from the tables that didn't before.
 * @throws InvalidOptionsError for a property that isn't there; BackstoryError ERASURE_FAILED where the stream can't be replayed after it
 */
export async function eraseStream(
  database: Database,
  schema: string,
  root: EntityMapping,
  streamId: string,
  erasure: StreamErasure,
): Promise<ErasureReport> {
  requireUpcasters(root);
  const work = (sql: SqlExecutor): Promise<ErasureReport> => eraseIn(sql, schema, root, streamId, erasure);
  if (erasure.dryRun) return database.snapshot(work);
  return retryWhileLocked(
    () =>
      database.transaction(async (sql) => {
        await sql.execute(`set local lock_timeout = '500ms'`);
        await lock(sql, schema, root, streamId);
        return work(sql);
      }),
    { attempts: 60 },
  );
}

async function eraseIn(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  streamId: string,
  { properties, chosen, plan, before, keys = [], actor = false, by, reason, dryRun = false }: StreamErasure,
): Promise<ErasureReport> {
  await pinSettings(sql);
  const events = await storedEvents(sql, schema, root.category, [streamId], before);
  if (properties) {
    const inEvents = events.flatMap((event) => storedValues(root, event).map(propertyOf));
    requireProperties(root, streamId, properties, new Set(inEvents));
  }
  const planned = plan?.(events) ?? planRedactions(root, events, chosen, { actor });
  const report = {
    category: root.knownAs,
    streamId,
    events: planned.redactions.length,
    properties: planned.properties,
    position: null,
    stillInTable: root.gone ? [] : await stillInTable(sql, root, streamId, chosen),
    keysDestroyed: [],
    dryRun,
  };
  if (dryRun) return report;
  const type = root.eventTypes.erased;
  const redact = (): ReturnType<typeof redactEvents> =>
    redactEvents(sql, schema, { ...root, type }, streamId, { redactions: planned.redactions, by, reason });
  // last, because a relay that makes one of them waits for it
  const destroy = async (): Promise<string[]> => destroyKeys(sql, schema, keys);
  if (planned.redactions.length === 0) {
    // errors of consumers with its events, which may be of something that was erased elsewhere
    await redact();
    return { ...report, keysDestroyed: await destroy() };
  }
  const differedBefore = await differences(sql, schema, root, streamId);
  const erased = await redact();
  await requireReplay(sql, schema, root, streamId);
  const differs = [...(await differences(sql, schema, root, streamId))].find(
    (each) => !differedBefore.has(each),
  );
  if (differs !== undefined)
    throw failed(root, streamId, `its replay would differ from the tables: ${differs}`);
  return { ...report, ...erased, keysDestroyed: await destroy() };
}

/**
 * Who writes to the stream has one of these locks, or waits for them; so does who archives it, or brings it back. A writer may
 * have a part and wait for the root that is locked here: so the root is waited for, with nothing locked, and the rest is not. In
 * no circle does PostgreSQL find a writer to end.
 */
async function lock(sql: SqlExecutor, schema: string, root: EntityMapping, streamId: string): Promise<void> {
  for (const mapping of root.gone ? [] : [root, ...root.parts]) {
    await sql
      .execute(
        `select from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}
       for no key update of t ${mapping === root ? '' : 'nowait'}`,
        [[streamId]],
      )
      .catch(throwRights);
  }
  if (root.gone) {
    const name = quoteIdentifier(schema);
    await sql.execute(`select ${name}.take_locks('ends', array[${name}.lock_of($1)])`, [
      `${root.category}-${streamId}`,
    ]);
  }
  await lockStreamEnds(sql, schema, root, [streamId]);
  await sql
    .execute(`select ${quoteIdentifier(schema)}.hold_archived_stream($1, $2)`, [root.category, streamId])
    .catch(throwRights);
}

function throwRights(error: unknown): never {
  throw explainRights(error);
}

async function differences(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  streamId: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const mapping of root.gone ? [] : [root, ...root.parts]) {
    const { drift } = await compare(sql, schema, mapping, ofStreams([streamId]), 1_000);
    for (const each of drift)
      found.add(`${driftName(each)} (${each.kind} ${Object.keys(each.properties).sort().join(', ')})`);
  }
  return found;
}

async function requireReplay(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  streamId: string,
): Promise<void> {
  await replayStreams(sql, schema, { ...root, snapshotEvery: 0 }, [streamId]).catch((error: unknown) => {
    throw failed(
      root,
      streamId,
      error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      error,
    );
  });
}

function failed({ knownAs }: EntityMapping, streamId: string, why: string, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'ERASURE_FAILED',
    `Nothing was erased of stream "${knownAs}-${streamId}": ${why}.`,
    'An erased value is null, whatever type it had: let upcasters accept that, and erase again.',
    { cause },
  );
}
