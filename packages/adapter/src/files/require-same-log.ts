import type { Database } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { currentEpoch, knownEpochs } from '../outbox/index.js';
import { isStandIn, pinForSeals, readSealedEvents } from '../seals/index.js';
import { sameEvent } from './same-event.js';
import type { FileStore } from './file-store.js';
import type { ExportManifest } from './manifest.js';
import { readExportedFile } from './read-exported-file.js';

/**
 * That the log is the one of which the export was begun, and has lost nothing of it since: else other events may have the positions
 * that were exported.
 * @returns the epoch of the log
 * @throws BackstoryError EXPORT_REFUSED
 */
export async function requireSameLog(
  database: Database,
  schema: string,
  store: FileStore,
  begun: ExportManifest | undefined,
): Promise<string> {
  const epoch = await currentEpoch(database, schema);
  if (!begun) return epoch;
  const since = (await knownEpochs(database, schema)).filter(
    ({ number }) => BigInt(number) > BigInt(begun.epoch),
  );
  const lost = since.find(({ survivedPosition }) => BigInt(survivedPosition) < BigInt(begun.to));
  if (lost || BigInt(begun.epoch) > BigInt(epoch)) {
    throw another(
      `The log has lost events that are in this export: ${lost ? `behind position ${lost.survivedPosition}` : 'it is older than the export'}, and the export goes up to ${begun.to}.`,
    );
  }
  const last = begun.stretches
    .flatMap(({ files }) => files)
    .reduce<ExportManifest['stretches'][0]['files'][0] | undefined>(
      (newest, file) => (newest && BigInt(newest.last) >= BigInt(file.last) ? newest : file),
      undefined,
    );
  if (!last) return epoch;
  const [kept] = (await readExportedFile(store, begun, last)).slice(-1);
  const { events } = await database.snapshot(async (sql) => {
    await pinForSeals(sql);
    return readSealedEvents(sql, schema, BigInt(last.last), BigInt(last.last));
  });
  const [there] = events;
  // one that isn't there may have been dropped since
  if (
    there &&
    kept &&
    !isStandIn(there.metadata) &&
    !sameEvent(there.event, kept, begun.encrypted ? 'in its place' : 'but for its values')
  )
    throw another(`At position ${last.last} the log has another event than ${last.name}.`);
  return epoch;
}

function another(problem: string): BackstoryError {
  return new BackstoryError(
    'EXPORT_REFUSED',
    problem,
    'Keep this export as it is, for what it has of those events, and begin a new one in another folder.',
  );
}
