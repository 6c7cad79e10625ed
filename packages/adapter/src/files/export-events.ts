import type { Database } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { ProgressOptions } from '../observation/index.js';
import { settledPosition } from '../seals/index.js';
import type { ExportFormat } from './event-encodings.js';
import type { ExportedEvent } from './exported-event.js';
import type { FileStore } from './file-store.js';
import { type ExportManifest, readManifest, writeManifest } from './manifest.js';
import { readStretch } from './read-stretch.js';
import { requireSameLog } from './require-same-log.js';
import { sealUpTo } from './seal-up-to.js';
import { writeStretch } from './write-stretch.js';

/** What it hears of are positions of the log that were looked at. */
export interface ExportOptions extends ProgressOptions {
  /**
   * Lines of JSON (`ndjson`), which need nothing, or `parquet`, which lakes read faster, and which needs the packages hyparquet-writer
   * and hyparquet. An export stays what it was begun with.
   * @defaultValue 'ndjson'
   */
  format?: ExportFormat;
  /**
   * Values of persons are encrypted, as relays do it, so that nobody can read them in the files once their subject is erased.
   * Such an export can't be imported: numbers and white space aren't to the letter. @defaultValue false
   */
  encrypt?: boolean;
  /** Events that are written together: a file has no more. Larger ones are read faster, and need more memory. @defaultValue 200 000 */
  fileEvents?: number;
  /** How long to wait for open transactions that may still write, in milliseconds. @defaultValue 1000 */
  patienceMs?: number;
}

/** What a run has added to an export. */
export interface ExportReport {
  readonly events: number;
  readonly files: number;
  /** Up to this position of the log the export is complete. */
  readonly to: string;
  /** Position of the newest event of the log. What is between waits for transactions that were open: the next run takes it. */
  readonly newest: string;
  /** It was stopped by its signal, behind a stretch: the next run goes on. */
  readonly stopped?: true;
}

/** What is exported, from where and how. */
export interface ExportSource {
  readonly database: Database;
  readonly schema: string;
  readonly categories: 'all' | readonly string[];
  /** Makes events fit to leave the database. */
  readonly encrypt?: (events: readonly ExportedEvent[]) => Promise<readonly ExportedEvent[]>;
}

/**
 * Adds to an export what has come since its last run, up to where the log can't get any further event: stretch by stretch, each noted
 * in the manifest when its files are there. Killed at any point, the next run begins behind the last stretch that is noted.
 * @throws InvalidOptionsError; BackstoryError EXPORT_REFUSED, EXPORT_UNREADABLE, EPOCH_PENDING
 */
export async function exportEvents(
  source: ExportSource,
  store: FileStore,
  options: ExportOptions,
): Promise<ExportReport> {
  const { database, schema, categories, encrypt } = source;
  const { fileEvents = 200_000, patienceMs = 1_000, signal, onProgress } = options;
  if (!Number.isInteger(fileEvents) || fileEvents < 1) {
    throw new InvalidOptionsError(
      `fileEvents: ${fileEvents} is no number of events.`,
      'Use a whole number from 1.',
    );
  }
  const begun = await readManifest(store);
  if (begun) refuseOthers(begun, source, options);
  const epoch = await requireSameLog(database, schema, store, begun);
  let manifest: ExportManifest = begun
    ? { ...begun, epoch }
    : {
        format: 'backstory-export-1',
        schema,
        files: options.format ?? 'ndjson',
        categories,
        encrypted: encrypt !== undefined,
        to: '0',
        epoch,
        seal: null,
        stretches: [],
      };
  const { settled, newest } = await settledPosition(database, schema, BigInt(manifest.to), patienceMs);
  const began = BigInt(manifest.to);
  const report = { events: 0, files: 0 };
  const heard = (): void =>
    onProgress?.({
      done: Number(BigInt(manifest.to) - began),
      total: Number(settled - began),
      unit: 'events',
    });
  heard();
  while (BigInt(manifest.to) < settled) {
    if (signal?.aborted) return { ...report, to: manifest.to, newest: String(newest), stopped: true };
    const stretch = await readStretch(database, schema, BigInt(manifest.to) + 1n, settled, fileEvents);
    const { from, gaps, readAt } = stretch;
    const to = String(stretch.to);
    const files = await writeStretch(store, manifest, stretch, encrypt);
    const seal = await sealUpTo(database, schema, to);
    manifest = {
      ...manifest,
      to,
      seal,
      stretches: [...manifest.stretches, { from: String(from), to, gaps, readAt, files }],
    };
    await writeManifest(store, manifest);
    report.files += files.length;
    for (const { events } of files) report.events += events;
    heard();
  }
  return { ...report, to: manifest.to, newest: String(newest) };
}

/** @throws InvalidOptionsError where the export was begun in another way */
function refuseOthers(begun: ExportManifest, source: ExportSource, { format }: ExportOptions): void {
  const named = (categories: 'all' | readonly string[]): string =>
    categories === 'all' ? 'all categories' : [...categories].sort().join(', ');
  const [was, is] = [named(begun.categories), named(source.categories)];
  const differences = [
    begun.schema !== source.schema && `of schema "${begun.schema}"`,
    format !== undefined && begun.files !== format && `as ${begun.files}`,
    was !== is && `of ${was}`,
    begun.encrypted !== (source.encrypt !== undefined) &&
      (begun.encrypted ? 'encrypted' : 'without encryption'),
  ].filter((difference) => difference !== false);
  if (differences.length === 0) return;
  throw new InvalidOptionsError(
    `The export that is there was begun ${differences.join(', ')}, and now it is asked for otherwise.`,
    'Go on as it was begun, or take another folder.',
  );
}
