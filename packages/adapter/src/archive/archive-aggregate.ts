import {
  type Database,
  requireGoing,
  retryWhileLocked,
  StoppedError,
  stoppableSnapshot,
} from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type ArchivableStream, archivableStreams } from './archivable-streams.js';
import { archiveBatch, type ArchivedBatch, triedBatch } from './archive-batch.js';
import { type ArchiveOptions, type ArchiveReport, validate } from './archive-options.js';

/** Moved in one transaction, whose rows stay locked meanwhile: some 50 ms. */
const eventsAtATime = 2_000;

const nothing = { drifted: 0, undelivered: 0, locked: 0 };

/**
 * Moves events that their streams can do without to the archive, while the application goes on: of a deleted entity those
 * before its deletion; of a living one, and of one that was deleted without an event, all, and a stand-in with its whole state
 * takes the place of the last ("closing the books"). Batch by batch, each in one transaction, which proves before and after that the replay equals the row. Nothing
 * that a consumer still wants is moved.
 * @throws InvalidOptionsError
 */
export async function archiveAggregate(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  options: ArchiveOptions,
): Promise<ArchiveReport> {
  validate(options);
  const { dryRun = false, by, reason, signal, onProgress } = options;
  const metadata = { origin: 'archive', ...(by && { actor: by }), ...(reason && { reason }) };
  const move = (streams: readonly ArchivableStream[]): Promise<ArchivedBatch> =>
    retryWhileLocked(
      () => database.transaction((sql) => archiveBatch(sql, schema, mapping, streams, metadata)),
      { attempts: 60, onWait: () => requireGoing(signal) },
    );
  const tried = (streams: readonly ArchivableStream[]): Promise<ArchivedBatch> =>
    database.snapshot((sql) => triedBatch(sql, schema, mapping, streams));
  let report: ArchiveReport = { category: mapping.category, streams: 0, events: 0, left: nothing, dryRun };
  const heard = (): void => onProgress?.({ category: mapping.category, done: report.events, unit: 'events' });
  heard();
  try {
    for (let after: string | undefined, more = true; more;) {
      const behind = after;
      const found = await stoppableSnapshot(database, signal, (sql) =>
        archivableStreams(sql, schema, mapping, options, behind),
      );
      for (const streams of batches(found)) {
        requireGoing(signal);
        report = added(report, await (dryRun ? tried(streams) : move(streams)));
        heard();
      }
      after = found.at(-1)?.id;
      more = after !== undefined;
    }
  } catch (error) {
    if (error instanceof StoppedError) return { ...report, stopped: true };
    throw error;
  }
  return report;
}

function* batches(streams: readonly ArchivableStream[]): Generator<readonly ArchivableStream[]> {
  let batch: ArchivableStream[] = [];
  let events = 0;
  for (const stream of streams) {
    if (batch.length > 0 && events + stream.events > eventsAtATime) {
      yield batch;
      [batch, events] = [[], 0];
    }
    batch.push(stream);
    events += stream.events;
  }
  if (batch.length > 0) yield batch;
}

function added(report: ArchiveReport, { streams, events, left }: ArchivedBatch): ArchiveReport {
  return {
    ...report,
    streams: report.streams + streams,
    events: report.events + events,
    left: {
      drifted: report.left.drifted + left.drifted,
      undelivered: report.left.undelivered + left.undelivered,
      locked: report.left.locked + left.locked,
    },
  };
}
