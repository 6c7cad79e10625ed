import type { DataSource, ObjectLiteral } from 'typeorm';
import { type AggregateStatus, diagnose, type Finding, readStatus } from './admin/index.js';
import {
  backfill,
  type BackfillEstimate,
  type BackfillOptions,
  type BackfillReport,
  type BackfillWish,
  estimateBackfill,
  wishOfBackfill,
} from './backfill/index.js';
import { type CaptureContextSource, runInContext } from './capture/index.js';
import type { ConsumerControl } from './consumer-control.js';
import type { Database } from './database/index.js';
import { BackstoryError, InvalidOptionsError } from './errors.js';
import type { RecordedEvent } from './event/index.js';
import { readRecordedAt, readStream, type ReadStreamOptions } from './event-store/index.js';
import { upcast } from './upcasting/index.js';
import { install, type InstallReport } from './install.js';
import type { EntityMapping, EntityTarget, MappingRegistry, TypeParsers } from './mapping/index.js';
import { rebuildSnapshots, replayStreams, type SnapshotReport, type Snapshots } from './replay/index.js';
import type { ShadowReads } from './shadow/index.js';
import { StageControl } from './stage-control.js';
import type { StageWatch } from './stages/index.js';
import { hydrateAggregate } from './typeorm/index.js';
import {
  repairAggregate,
  type RepairOptions,
  type RepairReport,
  type VerificationReport,
  verifyAggregate,
  type VerifyOptions,
} from './verify/index.js';

/** Which aggregates a command is for, by category or entity name. @defaultValue 'all' */
export interface AggregateFilter {
  aggregates?: 'all' | readonly string[];
}

/** The history of one DataSource's entities. Made by `createBackstory`. */
export class Backstory {
  /** Where each aggregate stands, and the way forward and back. */
  readonly stages: StageControl;

  /** @internal */
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    stageWatch: StageWatch,
    private readonly shadowReads: ShadowReads,
    private readonly snapshots: Snapshots,
    private readonly parsers: () => Promise<TypeParsers>,
    requiredShadowReads: number,
    /** Handlers, projections and publishers that get the events. */
    readonly consumers: ConsumerControl,
    private readonly release: () => Promise<void>,
  ) {
    this.stages = new StageControl(database, schema, mappings, stageWatch, requiredShadowReads);
  }

  /** Creates what is missing: own tables, and triggers of tables that were made or changed since. Idempotent. */
  install(): Promise<InstallReport> {
    return install(this.database, this.schema, this.mappings.all());
  }

  /** Writes a first event for every row that has none, while the application goes on writing. */
  async backfill({ aggregates = 'all', ...options }: BackfillOptions & AggregateFilter = {}): Promise<
    BackfillReport[]
  > {
    const reports: BackfillReport[] = [];
    for (const mapping of this.select(aggregates, { where: options.where })) {
      await this.stages.requireCapture(mapping.category);
      reports.push(await backfill(this.database, this.schema, mapping, options));
    }
    return reports;
  }

  /** What a backfill would come to: tried with some rows of each aggregate, and taken back. */
  async estimateBackfill({
    aggregates = 'all',
    where,
  }: Pick<BackfillOptions, 'where'> & AggregateFilter = {}): Promise<BackfillEstimate[]> {
    const estimates: BackfillEstimate[] = [];
    for (const mapping of this.select(aggregates, { where })) {
      estimates.push(await estimateBackfill(this.database, this.schema, mapping, where));
    }
    return estimates;
  }

  /**
   * Asks backfills that are under way, in whatever process, to pause or to stop after their chunk; null lets them go on.
   * @returns the categories that have one
   */
  async askBackfill(
    wish: BackfillWish | null,
    { aggregates = 'all' }: AggregateFilter = {},
  ): Promise<string[]> {
    const asked: string[] = [];
    for (const { category } of this.mappings.select(aggregates)) {
      if (await wishOfBackfill(this.database, this.schema, category, wish)) asked.push(category);
    }
    return asked;
  }

  /** Proves that replaying the events gives the tables. */
  async verify({
    aggregates = 'all',
    ...options
  }: VerifyOptions & AggregateFilter = {}): Promise<VerificationReport> {
    const found = [];
    for (const mapping of this.select(aggregates, { streamIds: options.streamIds })) {
      if ((await this.stages.get(mapping.category)) === 'off') continue;
      found.push(await verifyAggregate(this.database, this.schema, mapping, options));
    }
    return { clean: found.every(({ drifted }) => drifted === 0), aggregates: found };
  }

  /** Settles drift by appending corrections, or by writing the rows. Events that were written are never changed. */
  async repair({ aggregates = 'all', ...options }: RepairOptions & AggregateFilter = {}): Promise<
    RepairReport[]
  > {
    const reports: RepairReport[] = [];
    for (const mapping of this.select(aggregates, { streamIds: options.streamIds })) {
      if ((await this.stages.get(mapping.category)) === 'off') continue;
      reports.push(await repairAggregate(this.database, this.schema, mapping, options));
    }
    return reports;
  }

  /** What only one aggregate can have, such as a condition on its columns, is given for one. */
  private select(
    aggregates: 'all' | readonly string[],
    ofOne: Readonly<Record<string, unknown>>,
  ): EntityMapping[] {
    const selected = this.mappings.select(aggregates);
    const [given] = Object.keys(ofOne).filter((name) => ofOne[name] !== undefined);
    if (given === undefined || selected.length === 1) return selected;
    throw new InvalidOptionsError(
      `"${given}" is for one aggregate, and ${selected.length} are meant.`,
      'Name the one that it is for.',
    );
  }

  /**
   * The events of one stream, upcast, newest last; also of one that has ended, and empty for one that isn't there.
   * @throws ReplayError for an event that is newer than the code
   */
  async history(
    categoryOrEntity: string,
    streamId: string,
    options?: ReadStreamOptions,
  ): Promise<RecordedEvent[]> {
    const mapping = this.mappings.get(categoryOrEntity);
    const events = await readStream(this.database, this.schema, mapping.category, streamId, options);
    return events.map((event) => upcast(mapping, event));
  }

  /**
   * An event as the code of today knows it, such as one that was kept as a sample in a test.
   * @throws ReplayError for an event that is newer than the code, or that its upcaster fails on
   */
  upcast(event: RecordedEvent): RecordedEvent {
    return upcast(this.mappings.get(event.category), event);
  }

  /**
   * The entity as its events tell it: now, at a version of its stream, or at a moment. An instance as TypeORM
   * would have loaded it: without relations, but with what its aggregate `owns`. Null when it didn't exist or was
   * deleted by then.
   */
  async load<Entity extends ObjectLiteral>(
    entity: (abstract new (...args: never[]) => Entity) | string,
    streamId: string,
    options?: ReadStreamOptions,
  ): Promise<Entity | null> {
    const mapping = this.mappings.get(nameOf(entity));
    const streams = await replayStreams(this.database, this.schema, mapping, [streamId], options);
    const stream = streams.get(streamId);
    if (!stream) return null;
    this.snapshots.observe(mapping, streamId, stream);
    const asOf =
      options?.asOf ??
      (options?.version === undefined
        ? undefined
        : await this.recordedAt(mapping, streamId, stream.position));
    const hydration = {
      dataSource: this.dataSource,
      mappings: this.mappings,
      parsers: await this.parsers(),
      replay: (related: EntityMapping, ids: readonly string[]) =>
        replayStreams(this.database, this.schema, related, ids, asOf && { asOf }),
    };
    return (await hydrateAggregate(hydration, mapping, stream)) as Entity | null;
  }

  /** When an event was recorded; only an aggregate with parts may lead to others, which are wanted as of then. */
  private async recordedAt(
    { category, parts }: EntityMapping,
    streamId: string,
    position: number,
  ): Promise<Date | undefined> {
    if (parts.length === 0) return undefined;
    return readRecordedAt(this.database, this.schema, category, streamId, position);
  }

  /**
   * Takes the snapshots of long streams anew, such as after a change of what an upcaster calls. Nothing has to wait for it:
   * replay goes without snapshots, too.
   * @throws InvalidOptionsError where the application's upcasters are not known here
   */
  async rebuildSnapshots({ aggregates = 'all' }: AggregateFilter = {}): Promise<SnapshotReport[]> {
    const reports: SnapshotReport[] = [];
    for (const mapping of this.mappings.select(aggregates)) {
      requireUpcasters(mapping);
      reports.push(await rebuildSnapshots(this.database, this.schema, mapping));
    }
    return reports;
  }

  /** Resolves when the snapshots that reads have asked for so far have been taken. */
  snapshotsSettled(): Promise<void> {
    return this.snapshots.settled();
  }

  /** Where each aggregate stands: stage, backfill, last verify, shadow reads, events. */
  status(): Promise<AggregateStatus[]> {
    return readStatus(this.database, this.schema, this.mappings.all());
  }

  /** Every difference between entities, tables and triggers, with the statement or command that mends it. */
  doctor(): Promise<Finding[]> {
    return diagnose(this.database, this.schema, this.mappings.all());
  }

  /** Runs `work` so that every write inside carries `context` (actor, correlation id, …) on its events. */
  runInContext<Result>(context: CaptureContextSource, work: () => Result): Result {
    return runInContext(context, work);
  }

  /** Resolves when every read made so far in stage shadow has been compared. */
  shadowSettled(): Promise<void> {
    return this.shadowReads.settled();
  }

  /** Stops the background work. Capture goes on: it is in the database. The DataSource stays open. */
  close(): Promise<void> {
    return this.release();
  }
}

function nameOf(entity: EntityTarget): string {
  if (typeof entity === 'string') return entity;
  if (typeof entity === 'function') return entity.name;
  throw new BackstoryError(
    'UNKNOWN_ENTITY',
    'An entity is named by its class or its name.',
    'Pass one of these.',
  );
}

/** Upcasters are code, which only the application's own configuration has. */
function requireUpcasters({ knownAs, foldsInSql, upcasters }: EntityMapping): void {
  if (foldsInSql || Object.keys(upcasters).length > 0) return;
  throw new InvalidOptionsError(
    `The events of "${knownAs}" are upcast by the application's code, which is not known here.`,
    'Name its options with --config, or boot it with --app.',
  );
}
