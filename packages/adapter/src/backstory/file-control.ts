import type { AggregateFilter } from '../aggregates/index.js';
import { readTopics } from '../appending/index.js';
import { toCloudEvent } from '../brokers/cloud-events/index.js';
import type { Database } from '../database/index.js';
import { decryptEvents } from '../encryption/decryption/index.js';
import { InvalidOptionsError, UnknownAggregateError } from '../errors.js';
import type { EventMetadata, RecordedEvent } from '../event/index.js';
import type { ReadStreamOptions } from '../event-store/index.js';
import { fileEncryption } from './file-encryption.js';
import {
  checkExport,
  dropExported,
  type DropReport,
  type ExportCheck,
  type ExportCheckOptions,
  exportEvents,
  type ExportManifest,
  type ExportOptions,
  type ExportReport,
  type FileStore,
  folderFiles,
  importCategory,
  type ImportReport,
  recordedEventOf,
  requireManifest,
  streamInFiles,
} from '../files/index.js';
import type { KeyControl } from './key-control.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';
import { replayTail, settledAggregate } from '../replay/index.js';
import type { ReplayedState } from './replays.js';
import { upcast } from '../upcasting/index.js';

/** Where an export is: the name of a folder, or a store of files, such as a bucket. */
export type ExportTarget = string | FileStore;

/** What an export has of one stream, and how far the export goes. */
export interface ExportedHistory {
  readonly events: readonly RecordedEvent[];
  /** Global position up to which the export has everything. */
  readonly to: string;
  /** When the last of it was read. */
  readonly readAt: string | null;
}

/** The log as files, outside of PostgreSQL, and back. The business of the tables' owner. */
export class FileControl {
  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly keys: KeyControl,
  ) {}

  /**
   * Writes what has come since the last run into files by category and month, with a manifest: log and archive, up to where no open
   * transaction can put another event in between. Killed at any point, the next run goes on.
   * @throws InvalidOptionsError, UnknownAggregateError; BackstoryError EXPORT_REFUSED, EXPORT_UNREADABLE, EPOCH_PENDING
   * @example await backstory.files.export('lake/shop', { format: 'parquet' });
   */
  async export(
    target: ExportTarget,
    { aggregates = 'all', ...options }: ExportOptions & AggregateFilter = {},
  ): Promise<ExportReport> {
    const { database, schema, mappings } = this;
    const categories = aggregates === 'all' ? aggregates : await this.categories(aggregates);
    const encrypt = options.encrypt
      ? { encrypt: fileEncryption(database, schema, mappings, this.keys.encryption) }
      : {};
    return exportEvents({ database, schema, categories, ...encrypt }, storeOf(target), options);
  }

  /**
   * Reads every file, and compares it with the manifest and with what the log still has.
   * @throws BackstoryError EXPORT_UNREADABLE where there is no manifest
   * @example const check = await backstory.files.check('lake/shop');
   */
  check(target: ExportTarget, options?: ExportCheckOptions): Promise<ExportCheck> {
    return checkExport(storeOf(target), { database: this.database, schema: this.schema }, options);
  }

  /**
   * Puts events that the archive has lost back into it: those that were archived, and nothing else. For each category all of them, or none.
   * @throws BackstoryError IMPORT_REFUSED for what contradicts the log, EXPORT_UNREADABLE; UnknownAggregateError
   * @example await backstory.files.import('lake/shop', { aggregates: ['order'], dryRun: true });
   */
  async import(
    target: ExportTarget,
    { aggregates = 'all', ...options }: AggregateFilter & ProgressOptions & { dryRun?: boolean } = {},
  ): Promise<ImportReport[]> {
    const store = storeOf(target);
    const manifest = await requireManifest(store);
    refuseEncrypted(manifest, 'imported');
    const reports: ImportReport[] = [];
    for (const category of this.exported(manifest, aggregates)) {
      const report = await importCategory(this.database, this.schema, store, manifest, category, options);
      reports.push(report);
      if (report.stopped) break;
    }
    return reports;
  }

  /**
   * Drops archived events from the database that the files have to the letter: of a stream all that are archived, or none. The log keeps
   * what stands for them, and `import` brings them back.
   * @throws BackstoryError EXPORT_UNREADABLE; UnknownAggregateError
   * @example await backstory.files.drop('lake/shop', { aggregates: ['order'], dryRun: true });
   */
  async drop(
    target: ExportTarget,
    { aggregates = 'all', ...options }: AggregateFilter & ProgressOptions & { dryRun?: boolean } = {},
  ): Promise<DropReport[]> {
    const store = storeOf(target);
    const manifest = await requireManifest(store);
    refuseEncrypted(manifest, 'dropped for');
    const reports: DropReport[] = [];
    for (const category of this.exported(manifest, aggregates)) {
      const report = await dropExported(this.database, this.schema, store, manifest, category, options);
      reports.push(report);
      if (report.stopped) break;
    }
    return reports;
  }

  /**
   * The events of one stream as the files have them, as the code of today knows them; decrypted, where this application has the keys. Reads
   * all files of its category.
   * @throws BackstoryError EXPORT_UNREADABLE; InvalidOptionsError for a moment behind the end of the export
   * @example const { events, to } = await backstory.files.history('lake/shop', 'order', '42');
   */
  async history(
    target: ExportTarget,
    categoryOrEntity: string,
    streamId: string,
    options?: ReadStreamOptions,
  ): Promise<ExportedHistory> {
    const store = storeOf(target);
    const manifest = await requireManifest(store);
    const category = this.categoryIn(manifest, categoryOrEntity);
    const { events } = await streamInFiles(store, category, streamId, options);
    const mapping = this.mappings.find(categoryOrEntity);
    const recorded = await this.decrypted(manifest, events.map(recordedEventOf));
    return {
      events: mapping && !manifest.encrypted ? recorded.map((event) => upcast(mapping, event)) : recorded,
      to: manifest.to,
      readAt: manifest.stretches.at(-1)?.readAt ?? null,
    };
  }

  /**
   * What the events of {@link history} come to, as `backstory.state` says it.
   * @throws ReplayError, and what `history` throws
   * @example const { state } = await backstory.files.state('lake/shop', 'order', '42');
   */
  async state(
    target: ExportTarget,
    categoryOrEntity: string,
    streamId: string,
    options?: ReadStreamOptions,
  ): Promise<ReplayedState> {
    const mapping = this.mappings.get(categoryOrEntity);
    const { events } = await this.history(target, categoryOrEntity, streamId, options);
    if (events.length === 0) return { state: null, position: 0 };
    const replayed = replayTail(mapping, streamId, { snapshot: undefined, events });
    return { state: settledAggregate(mapping, replayed), position: replayed.position };
  }

  private async decrypted(manifest: ExportManifest, events: RecordedEvent[]): Promise<RecordedEvent[]> {
    if (!manifest.encrypted || !this.keys.encryption) return events;
    const decrypted = await decryptEvents(
      events.map((event) => toCloudEvent(event, manifest.schema)),
      this.keys,
    );
    return events.map((event, index) => {
      const { event: readable, erased } = decrypted[index] as (typeof decrypted)[0];
      const metadata: EventMetadata = erased.length > 0 ? { ...event.metadata, erased } : event.metadata;
      return { ...event, data: readable.data, metadata };
    });
  }

  /** As events are stored. @throws UnknownAggregateError which names aggregates and topics */
  private async categories(names: readonly string[]): Promise<string[]> {
    const topics = await readTopics(this.database, this.schema);
    return names.map((name) => {
      const category = this.mappings.find(name)?.category ?? topics.find((topic) => topic === name);
      if (category !== undefined) return category;
      const known = this.mappings.all().map(({ knownAs }) => knownAs);
      throw new UnknownAggregateError('UNKNOWN_CATEGORY', name, [...known, ...topics]);
    });
  }

  /** The categories of an export that are asked for. */
  private exported(manifest: ExportManifest, names: 'all' | readonly string[]): string[] {
    if (names !== 'all') return names.map((name) => this.categoryIn(manifest, name));
    return [...categoriesIn(manifest)].sort();
  }

  private categoryIn(manifest: ExportManifest, name: string): string {
    const inFiles = categoriesIn(manifest);
    const mapping: Pick<EntityMapping, 'category' | 'knownAs'> | undefined = this.mappings.find(name);
    const category = [mapping?.category, mapping?.knownAs, name].find(
      (each) => each !== undefined && inFiles.has(each),
    );
    if (category !== undefined) return category;
    throw new UnknownAggregateError('UNKNOWN_CATEGORY', name, [...inFiles]);
  }
}

function categoriesIn({ stretches }: ExportManifest): Set<string> {
  return new Set(stretches.flatMap(({ files }) => files.map(({ category }) => category)));
}

function storeOf(target: ExportTarget): FileStore {
  return typeof target === 'string' ? folderFiles(target) : target;
}

function refuseEncrypted({ encrypted }: ExportManifest, what: string): void {
  if (!encrypted) return;
  throw new InvalidOptionsError(
    `An encrypted export can't be ${what}: its events aren't those of the log to the letter.`,
    'Use an export without encryption, and keep it where personal data may be.',
  );
}
