import { currentContext, lockStreamEnds } from '../capture/index.js';
import {
  type Database,
  gaveWay,
  pinSettings,
  quoteIdentifier,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import type { PartDifference, PropertyDifference } from '../diff/index.js';
import type { Drift, DriftKind } from '../drift/index.js';
import { BackstoryError, WrongExpectedVersionError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { replayStreams } from '../replay/index.js';
import { lockRows, setsIdentity } from '../verify/index.js';
import { Bookkeeping } from './bookkeeping.js';
import { explainFailure, isOfOrder } from './explain-failure.js';
import { findVersion, type FoundVersion, requireVersion } from './find-version.js';
import { refuseUnrestorable } from './refuse-unrestorable.js';
import type { RestoredVersion, RestoreOptions, RestorationReport } from './restore-options.js';
import { TableRestore } from './table-restore.js';
import { versionStates } from './version-states.js';

/** A restore of one stream, as it is done in one transaction. */
interface Restore {
  readonly schema: string;
  readonly mapping: EntityMapping;
  readonly streamId: string;
  readonly found: FoundVersion;
  readonly tables: readonly TableRestore[];
}

/**
 * Writes the row of one stream, and its parts, back to what they were, through the captured tables: so it is an event as any other
 * change, with the origin `restore`. Rows are locked and compared first, and only what differs is written, in one transaction.
 * @throws AggregateNotFoundError, WrongExpectedVersionError, BackstoryError RESTORE_REFUSED or RESTORE_FAILED: nothing is written then
 */
export async function restoreStream(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  streamId: string,
  version: RestoredVersion,
  { dryRun = false, expectedVersion, by, reason }: RestoreOptions,
): Promise<RestorationReport> {
  requireVersion(version);
  let restoredTo = version.version ?? 0;
  const work = async (sql: SqlExecutor): Promise<RestorationReport> => {
    const [{ zone } = { zone: 'UTC' }] = await sql.execute<{ zone: string }>(
      `select current_setting('timezone') as zone`,
    );
    await pinSettings(sql);
    if (!dryRun) {
      await sql.execute(`set local lock_timeout = '20ms'; set constraints all deferred`);
      await lockRows(sql, mapping, [streamId]);
      await lockStreamEnds(sql, schema, mapping, [streamId]);
    }
    const found = await findVersion(sql, schema, mapping, streamId, version);
    restoredTo = found.position;
    if (expectedVersion !== undefined && expectedVersion !== found.end)
      throw new WrongExpectedVersionError(streamName(mapping.knownAs, streamId), expectedVersion, found.end);
    const tables = await tablesAt(sql, schema, mapping, streamId, found.position, zone);
    const restore: Restore = { schema, mapping, streamId, found, tables };
    const differences = await differencesOf(sql, tables);
    if (dryRun || differences.length === 0) return reportOf(restore, differences, [], dryRun);
    const metadata = {
      ...currentContext(),
      origin: 'restore',
      restoredTo,
      ...(by && { actor: by }),
      ...(reason && { reason }),
    };
    await writeInSomeOrder(sql, restore, differences, metadata);
    let left = await differencesOf(sql, tables);
    // a part that was taken back from nobody has brought along parts of its own, which were in no stream until now
    const brought = left.filter(({ kind }) => kind !== 'value');
    if (brought.length > 0) {
      await writeInSomeOrder(sql, restore, brought, metadata);
      left = await differencesOf(sql, tables);
    }
    await requireRecorded(sql, restore);
    return reportOf(restore, [...differences, ...brought], left, dryRun);
  };
  if (dryRun) return database.snapshot(work);
  const report = await retryWhileLocked(() => database.transaction(work), { attempts: 60 }).catch(
    (error: unknown) => {
      throw explainFailure(error, mapping, streamId, restoredTo);
    },
  );
  return { ...report, version: await lastRestore(database, schema, mapping, streamId, report.version) };
}

/** Events of an aggregate with parts get their positions at the commit. */
async function lastRestore(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
  streamId: string,
  before: number,
): Promise<number> {
  const [found] = await sql.execute<{ position: number | null }>(
    `select max(e.stream_position)::float8 as position from ${quoteIdentifier(schema)}.events e
     where e.category = $1 and e.stream_id = $2 and e.stream_position > $3 and e.metadata @> '{"origin":"restore"}'`,
    [category, streamId, before],
  );
  return found?.position ?? before;
}

async function tablesAt(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamId: string,
  position: number,
  timeZone: string,
): Promise<TableRestore[]> {
  // from the first event on: a snapshot doesn't tell what was erased before it
  const whole = { ...mapping, snapshotEvery: 0 };
  const replayed = (await replayStreams(sql, schema, whole, [streamId], { version: position })).get(streamId);
  const state = refuseUnrestorable(mapping, streamId, position, replayed);
  const tables: TableRestore[] = [];
  for (const table of [mapping, ...mapping.parts]) {
    const states = await versionStates(sql, table, { schema, streamId, position }, state);
    tables.push(new TableRestore(table, streamId, states, new Bookkeeping(table, schema, timeZone)));
  }
  return tables;
}

async function differencesOf(sql: SqlExecutor, tables: readonly TableRestore[]): Promise<Drift[]> {
  const found: Drift[] = [];
  for (const table of tables) found.push(...(await table.differences(sql)));
  return found;
}

/** Inserts before updates keep foreign keys, updates before all others unique values: the second is tried where the first doesn't do. */
async function writeInSomeOrder(
  sql: SqlExecutor,
  restore: Restore,
  differences: readonly Drift[],
  metadata: object,
): Promise<void> {
  await sql.execute('savepoint backstory_restore');
  try {
    await write(sql, restore, differences, metadata, ['missing event', 'missing row', 'value']);
  } catch (error) {
    if (!isOfOrder(error)) throw error;
    await sql.execute('rollback to savepoint backstory_restore');
    await write(sql, restore, differences, metadata, ['value', 'missing event', 'missing row']).catch(
      (other: unknown) => {
        throw gaveWay(other) ? other : error;
      },
    );
  }
}

/** What goes, goes from the bottom up; what comes, from the top down. */
async function write(
  sql: SqlExecutor,
  { schema, tables }: Restore,
  differences: readonly Drift[],
  metadata: object,
  order: readonly DriftKind[],
): Promise<void> {
  for (const kind of order) {
    for (const table of kind === 'missing event' ? [...tables].reverse() : tables) {
      const { part } = table.table;
      const own = differences.filter((difference) => difference.part?.path === part?.path);
      await table.write(sql, schema, own, metadata, kind).catch((error: unknown) => {
        throw setsIdentity(
          error,
          'RESTORE_FAILED',
          table.table,
          (settable) => `${settable}, restore, and set it to ALWAYS again.`,
        );
      });
    }
  }
}

/** Where nothing has listened, the row would be changed and its history wouldn't know. @throws BackstoryError RESTORE_FAILED */
async function requireRecorded(sql: SqlExecutor, { schema, mapping, streamId }: Restore): Promise<void> {
  const [recorded] = await sql.execute(
    `select from ${quoteIdentifier(schema)}.visible_events v
     where v.category = $1 and v.stream_id = $2 and v.metadata @> '{"origin":"restore"}' limit 1`,
    [mapping.category, streamId],
  );
  if (recorded) return;
  throw new BackstoryError(
    'RESTORE_FAILED',
    `Capture has recorded nothing of the restore of "${streamName(mapping.knownAs, streamId)}", so nothing was written.`,
    'A trigger of the table may have kept the row as it is, or capture is broken: "npx backstory doctor" tells.',
  );
}

function reportOf(
  { mapping, streamId, found, tables }: Restore,
  differences: readonly Drift[],
  left: readonly Drift[],
  dryRun: boolean,
): RestorationReport {
  const ofRoot = differences.filter(({ part }) => !part);
  const parts = differences.flatMap((difference): PartDifference[] => {
    const { part, kind } = difference;
    if (!part) return [];
    const change = kind === 'value' ? 'changed' : kind === 'missing row' ? 'added' : 'removed';
    return [{ ...part, change, changes: changesIn(difference) }];
  });
  return {
    category: mapping.knownAs,
    streamId,
    restoredTo: found.position,
    version: found.end,
    changes: ofRoot.flatMap(changesIn),
    parts,
    notTold: tables.flatMap((table) => {
      const { part } = table.table;
      return table.notTold.map((property) => (part ? `${part.path}.${property}` : property));
    }),
    left: left.flatMap((difference) => {
      const { part } = difference;
      return changesIn(difference).map((change) =>
        part ? { ...change, property: `${part.path}.${part.id}.${change.property}` } : change,
      );
    }),
    dryRun,
  };
}

function changesIn({ kind, properties }: Drift): PropertyDifference[] {
  return Object.entries(properties).map(([property, { row, replay }]) => ({
    property,
    ...(kind !== 'missing row' && { before: row }),
    ...(kind !== 'missing event' && { after: replay }),
  }));
}
