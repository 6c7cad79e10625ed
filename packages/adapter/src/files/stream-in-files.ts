import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { ReadStreamOptions } from '../event-store/index.js';
import { type ExportedEvent, momentOf } from './exported-event.js';
import type { FileStore } from './file-store.js';
import { type ExportManifest, requireManifest } from './manifest.js';
import { readExportedFile } from './read-exported-file.js';

/** A stream as the files of an export have it. */
export interface StreamInFiles {
  readonly manifest: ExportManifest;
  readonly events: readonly ExportedEvent[];
}

/**
 * Reads all files of a category for one stream: an export has no index. The files that can't have an event up to a moment are left out.
 * @throws BackstoryError EXPORT_UNREADABLE for a file that isn't as it was written, and where positions of the stream are missing;
 * InvalidOptionsError for a moment behind the end of the export
 */
export async function streamInFiles(
  store: FileStore,
  category: string,
  streamId: string,
  { version, asOf }: ReadStreamOptions = {},
): Promise<StreamInFiles> {
  const manifest = await requireManifest(store);
  const readAt = manifest.stretches.at(-1)?.readAt;
  if (asOf && (readAt === undefined || asOf > new Date(readAt))) {
    throw new InvalidOptionsError(
      `The export was read at ${readAt ?? 'no time yet'}: it can't say what was at ${asOf.toISOString()}.`,
      'Ask for an earlier moment, export again, or ask the database.',
    );
  }
  // with as many digits as the moments of events: texts are compared
  const end = asOf && new Date(asOf.getTime() + 1).toISOString().replace('Z', '000Z');
  const events: ExportedEvent[] = [];
  for (const { files } of manifest.stretches) {
    for (const file of files) {
      if (file.category !== category || (end !== undefined && file.month > end.slice(0, 7))) continue;
      for (const event of await readExportedFile(store, manifest, file)) {
        if (event.streamId !== streamId) continue;
        if (version !== undefined && Number(event.streamPosition) > version) continue;
        if (end !== undefined && momentOf(event) >= end) continue;
        events.push(event);
      }
    }
  }
  requireWhole(category, streamId, events);
  return { manifest, events };
}

/** It may begin with a state that stands for what was archived. Behind that, nothing may be missing. */
function requireWhole(category: string, streamId: string, events: readonly ExportedEvent[]): void {
  const [first] = events;
  if (!first) return;
  const begin = Number(first.streamPosition);
  const missing = events.findIndex(({ streamPosition }, index) => Number(streamPosition) !== begin + index);
  const position = missing < 0 ? begin - 1 : begin + missing;
  if (missing < 0 && (begin === 1 || first.change === 'c' || first.change === 'd')) return;
  throw new BackstoryError(
    'EXPORT_UNREADABLE',
    `The files have no event ${streamName(category, streamId)}@${position}, and have later ones.`,
    'It was dropped from the archive before this export was made: look into the export that it was dropped for.',
  );
}
