import type { Database } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { ProgressOptions } from '../observation/index.js';
import { gapsOf, positionsBeside } from '../seals/index.js';
import { CompareWithLog, type ComparedWithLog } from './compare-with-log.js';
import type { ExportDifference } from './export-difference.js';
import type { ExportedEvent } from './exported-event.js';
import type { FileStore } from './file-store.js';
import { type ExportManifest, type ExportedStretch, manifestName, requireManifest } from './manifest.js';
import { readExportedFile } from './read-exported-file.js';

export interface ExportCheckOptions extends ProgressOptions {
  /** Differences to list; all are counted. @defaultValue 20 */
  limit?: number;
}

/** What was seen of an export, and what of it is not as it should be. */
export interface ExportCheck {
  /** Every file is as it was written and has what the manifest says, and the log has nothing else. Never of a check that was stopped. */
  readonly clean: boolean;
  readonly files: number;
  readonly events: number;
  /** Up to this position nothing of the log is left out. */
  readonly to: string;
  /** Null where it was not compared with a log. */
  readonly log: ComparedWithLog | null;
  readonly differing: number;
  readonly differences: readonly ExportDifference[];
  /** It was stopped by its signal, and proves nothing of what is left. */
  readonly stopped?: true;
}

/**
 * Reads every file of an export and compares it with the manifest, and with the log, where that is given and still has the events.
 * @throws BackstoryError EXPORT_UNREADABLE where there is no manifest
 */
export async function checkExport(
  store: FileStore,
  log: { readonly database: Database; readonly schema: string } | undefined,
  { limit = 20, onProgress, signal }: ExportCheckOptions = {},
): Promise<ExportCheck> {
  const manifest = await requireManifest(store);
  const differences: ExportDifference[] = [];
  let differing = 0;
  const differs = (difference: ExportDifference): void => {
    differing++;
    if (differences.length < limit) differences.push(difference);
  };
  const compare = log && new CompareWithLog(log.database, log.schema, manifest, differs);
  const total = manifest.stretches.flatMap(({ files }) => files).reduce((sum, { events }) => sum + events, 0);
  const seen = { files: 0, events: 0 };
  const report = (): Omit<ExportCheck, 'clean'> => ({
    ...seen,
    to: manifest.to,
    log: compare?.compared ?? null,
    differing,
    differences,
  });
  await nameStrangers(store, manifest, differs);
  fitTogether(manifest, differs);
  for (const stretch of manifest.stretches) {
    onProgress?.({ done: seen.events, total, unit: 'events' });
    if (signal?.aborted) return { clean: false, ...report(), stopped: true };
    const events = await readFiles(store, manifest, stretch, seen, differs);
    if (!events) continue;
    requirePositions(manifest, stretch, events, differs);
    await compare?.stretch(stretch, events);
  }
  onProgress?.({ done: seen.events, total, unit: 'events' });
  return { clean: differing === 0, ...report() };
}

type Differs = (difference: ExportDifference) => void;

/** Files that readers of all that is in a folder would take for a part of it. */
async function nameStrangers(
  store: FileStore,
  { stretches }: ExportManifest,
  differs: Differs,
): Promise<void> {
  const known = new Set(stretches.flatMap(({ files }) => files.map(({ name }) => name)));
  for (const file of await store.list('category=')) {
    if (!known.has(file))
      differs({
        kind: 'file',
        file,
        problem:
          'is not in the manifest: an export that was killed has left it, and the next run replaces it; or somebody has put it there',
      });
  }
}

function fitTogether({ stretches, to }: ExportManifest, differs: Differs): void {
  let end = '0';
  for (const stretch of stretches) {
    if (BigInt(stretch.from) !== BigInt(end) + 1n || gapsOf(stretch.gaps) === undefined)
      differs({ kind: 'manifest', file: manifestName, problem: `does not go on behind position ${end}` });
    end = stretch.to;
  }
  if (end !== to)
    differs({ kind: 'manifest', file: manifestName, problem: `ends at ${end}, and says ${to}` });
}

/** Undefined where one of them can't be read, which is said. */
async function readFiles(
  store: FileStore,
  manifest: ExportManifest,
  { files }: ExportedStretch,
  seen: { files: number; events: number },
  differs: Differs,
): Promise<ExportedEvent[] | undefined> {
  const all: ExportedEvent[] = [];
  let isWhole = true;
  for (const file of files) {
    try {
      const events = await readExportedFile(store, manifest, file);
      seen.files++;
      seen.events += events.length;
      for (const event of events) all.push(event);
    } catch (error) {
      if (!BackstoryError.is(error, 'EXPORT_UNREADABLE')) throw error;
      isWhole = false;
      differs({ kind: 'file', file: file.name, problem: error.message.split('\n')[0] ?? '' });
    }
  }
  return isWhole ? all : undefined;
}

/** Of all categories, every position is an event or a gap. Of some, the others are neither. */
function requirePositions(
  { categories }: ExportManifest,
  { from, to, gaps }: ExportedStretch,
  events: readonly ExportedEvent[],
  differs: Differs,
): void {
  const positions = new Set(events.map(({ globalPosition }) => BigInt(globalPosition)));
  if (positions.size !== events.length)
    differs({
      kind: 'manifest',
      file: manifestName,
      problem: `has an event of ${from} to ${to} in two files`,
    });
  if (categories !== 'all') return;
  let expected = 0;
  for (const position of positionsBeside(gapsOf(gaps) ?? [], BigInt(from), BigInt(to))) {
    expected++;
    if (!positions.has(position))
      differs({ kind: 'manifest', position: String(position), problem: 'is neither in a file nor a gap' });
  }
  if (expected < positions.size)
    differs({
      kind: 'manifest',
      file: manifestName,
      problem: `calls positions of ${from} to ${to} gaps that are in files`,
    });
}
