import { lockStreamEnds } from '../capture/index.js';
import { archiveLockSql, pinSettings, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

import { type ErasedValues, type ReplayedStream, replayStreams, replayVersions } from '../replay/index.js';
import { compare, ofStreams } from '../verify/index.js';
import type { ArchivableStream } from './archivable-streams.js';
import type { ArchiveReport } from './archive-options.js';
import { deliveredEnds } from './delivered-ends.js';
import { endedStreams } from './ended-streams.js';
import { existingRows, lockRows } from './lock-rows.js';
import { moveEvents } from './move-events.js';
import { statesOfEvents } from './states-of-events.js';
import { statesOfRows } from './states-of-rows.js';
import { writeStandIns } from './write-stand-ins.js';

/** What became of some streams. */
export type ArchivedBatch = Pick<ArchiveReport, 'streams' | 'events' | 'left'>;

/**
 * Moves the events of some streams to the archive, inside a transaction. What was found of them before may have changed: rows
 * that others have locked are left, and so is what was written since and a consumer has not handled.
 * @throws BackstoryError when the replay of one would not equal its row any more
 */
export async function archiveBatch(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  found: readonly ArchivableStream[],
  metadata: object,
): Promise<ArchivedBatch> {
  await sql.execute(`set local lock_timeout = '1s'`);
  await pinSettings(sql);
  // who is registered now waits, and begins with what is left
  await sql.execute(`select ${archiveLockSql(schema, 'exclusive')}`);
  const living = found.filter(({ died, ended }) => died === null && !ended).map(({ id }) => id);
  const died = new Map(found.flatMap((stream) => (stream.died === null ? [] : [[stream.id, stream.died]])));
  const locked = await lockRows(sql, mapping, living);
  const others = living.filter((id) => !locked.has(id));
  const busy = others.length > 0 ? await existingRows(sql, mapping, others) : new Set<string>();
  const ids = found.map(({ id }) => id).filter((id) => !busy.has(id));
  await lockStreamEnds(sql, schema, mapping, ids);
  const drifted = await driftedStreams(sql, schema, mapping, ids);
  // one that has begun anew meanwhile is left to another run, and one that can't be replayed to a repair
  const ended = await endedStreams(
    sql,
    schema,
    mapping,
    found.filter((stream) => stream.ended).map(({ id }) => id),
  );
  const lastStates = await replayVersions(sql, schema, { ...mapping, snapshotEvery: 0 }, ended);
  for (const id of ended.keys()) if (lastStates.get(id)?.root === undefined) drifted.add(id);
  const candidates = [...locked, ...died.keys(), ...ended.keys()].filter((id) => !drifted.has(id));
  const ends = await deliveredEnds(sql, schema, mapping, candidates);
  const left = {
    drifted: drifted.size,
    undelivered: candidates.length - ends.length,
    locked: busy.size,
  };
  if (ends.length === 0) return { streams: 0, events: 0, left };
  const moved = ends.map(({ id, through }) => ({
    id,
    through: ended.get(id) ?? (died.get(id) ?? through + 1) - 1,
  }));
  const erased = await erasedValues(
    sql,
    schema,
    mapping,
    moved.map(({ id }) => id),
  );
  const gone = moved.filter(({ id }) => ended.has(id));
  const events = await moveEvents(sql, schema, mapping, moved);
  const stillThere = moved.filter(({ id }) => !died.has(id) && !ended.has(id));
  await writeStandIns(sql, schema, mapping, stillThere, metadata, erased, statesOfRows(mapping, schema));
  const source = statesOfEvents(
    mapping,
    schema,
    gone.map(({ id }) => id),
    lastStates,
  );
  await writeStandIns(sql, schema, mapping, gone, metadata, erasedIn(lastStates), source);
  const [different] = await driftedStreams(
    sql,
    schema,
    mapping,
    moved.map(({ id }) => id),
  );
  if (different !== undefined) throw wouldDiffer(mapping, different);
  return { streams: moved.length, events, left };
}

/** What would become of them, without a lock: rows that somebody has locked just now are counted as free. */
export async function triedBatch(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  found: readonly ArchivableStream[],
): Promise<ArchivedBatch> {
  await pinSettings(sql);
  const drifted = await driftedStreams(
    sql,
    schema,
    mapping,
    found.map(({ id }) => id),
  );
  const sound = found.filter(({ id }) => !drifted.has(id));
  const streams = sound.filter(({ delivered }) => delivered);
  return {
    streams: streams.length,
    events: streams.reduce((sum, { events }) => sum + events, 0),
    left: { drifted: drifted.size, undelivered: sound.length - streams.length, locked: 0 },
  };
}

/** What of the states was erased. Without it a stand-in would have it from the row again. */
async function erasedValues(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ErasedValues>> {
  const known = await sql.execute<{ id: string }>(
    `select stream_id as id from ${quoteIdentifier(schema)}.erasures where category = $1 and stream_id = any ($2::text[])`,
    [mapping.category, ids],
  );
  const streams = await replayStreams(
    sql,
    schema,
    { ...mapping, snapshotEvery: 0 },
    known.map(({ id }) => id),
  );
  return erasedIn(streams);
}

function erasedIn(streams: ReadonlyMap<string, ReplayedStream>): Map<string, ErasedValues> {
  return new Map([...streams].flatMap(([id, { erased }]) => (erased ? [[id, erased] as const] : [])));
}

async function driftedStreams(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  ids: readonly string[],
): Promise<Set<string>> {
  const drifted = new Set<string>();
  for (const mapping of [root, ...root.parts]) {
    const { drift } = await compare(sql, schema, mapping, ofStreams(ids), Number.MAX_SAFE_INTEGER);
    for (const { streamId } of drift) drifted.add(streamId);
  }
  return drifted;
}

function wouldDiffer({ knownAs }: EntityMapping, id: string): BackstoryError {
  return new BackstoryError(
    'ARCHIVE_FAILED',
    `Stream "${knownAs}-${id}" would not give its row without the events that were to be archived. Nothing of its batch was moved.`,
    `Is there a part of it whose root is gone? See "npx backstory history ${knownAs} ${id}".`,
  );
}
