import { BackstoryError } from '../errors.js';
import { eventEncodings } from './event-encodings.js';
import type { ExportedEvent } from './exported-event.js';
import type { FileStore } from './file-store.js';
import { type ExportedFile, type ExportManifest, sha256 } from './manifest.js';

/**
 * The events of a file, when it is the one that was written.
 * @throws BackstoryError EXPORT_UNREADABLE for a file that is missing, or that is another one
 */
export async function readExportedFile(
  store: FileStore,
  { files: format }: Pick<ExportManifest, 'files'>,
  file: ExportedFile,
): Promise<ExportedEvent[]> {
  const body = await store.get(file.name);
  if (!body) throw unreadable(file, 'is missing');
  if (sha256(body) !== file.sha256)
    throw unreadable(file, 'is not as it was written: its SHA-256 is another one');
  const events = await eventEncodings[format].decode(body).catch((error: unknown) => {
    throw unreadable(file, `can't be read: ${(error as Error).message}`, error);
  });
  const problem = faultOf(events, file);
  if (problem !== undefined) throw unreadable(file, problem);
  return events;
}

/** What a manifest says of a file that was written by hand with it. */
function faultOf(
  events: readonly ExportedEvent[],
  { events: count, first, last, category }: ExportedFile,
): string | undefined {
  if (events.length !== count) return `has ${events.length} events, and the manifest says ${count}`;
  if (events[0]?.globalPosition !== first || events.at(-1)?.globalPosition !== last)
    return `doesn't go from position ${first} to ${last}, as the manifest says`;
  if (events.some((event) => event.category !== category)) return `has events that are not of "${category}"`;
  const isInOrder = events.every(
    ({ globalPosition }, index) =>
      index === 0 || BigInt(globalPosition) > BigInt((events[index - 1] as ExportedEvent).globalPosition),
  );
  return isInOrder ? undefined : 'has events that are not in the order of their positions';
}

function unreadable(
  { name, category, month }: ExportedFile,
  problem: string,
  cause?: unknown,
): BackstoryError {
  return new BackstoryError(
    'EXPORT_UNREADABLE',
    `${name} (${category}, ${month}) ${problem}.`,
    'Take the file from a copy of the export. While the database has its events, a new export in another folder has them, too.',
    { cause },
  );
}
