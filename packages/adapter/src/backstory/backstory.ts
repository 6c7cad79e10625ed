import type { DataSource } from 'typeorm';
import { AdminQueries } from './admin-queries.js';
import {
  type AggregateStatus,
  type Finding,
  readStatus,
  readVolume,
  type ResidualOptions,
  type Volume,
} from '../admin/index.js';
import { type AggregateFilter, KnownAggregates } from '../aggregates/index.js';
import { readTopics } from '../appending/index.js';
import { Appends } from './appends.js';
import { ArchiveControl } from './archive-control.js';
import type { BackfillEstimate, BackfillOptions, BackfillReport, BackfillWish } from '../backfill/index.js';
import { Backfills } from './backfills.js';
import { type CaptureContextSource, runInContext } from '../capture/index.js';
import { CommandHandling, type CommandSettings } from '../handling/index.js';
import type { ConsumerControl } from './consumer-control.js';
import type { Database, SqlExecutor } from '../database/index.js';
import { ErasureControl } from './erasure-control.js';
import type { ErasureOptions, ErasureReport } from '../erasure/index.js';
import { inTurns } from './in-turns.js';
import type { InstallOptions, InstallReport } from '../installing/index.js';
import { EventReading } from './event-reading.js';
import { FileControl } from './file-control.js';
import type { EntityTarget, MappingRegistry, TypeParsers } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';
import { Proofs } from './proofs.js';
import { countSnapshots, rebuildSnapshots, type SnapshotReport, type Snapshots } from '../replay/index.js';
import type { Replays } from './replays.js';
import { Restoration } from './restoration.js';
import type { KeyControl } from './key-control.js';
import type { SealControl } from './seal-control.js';
import type { ShadowReads } from '../shadow/index.js';
import { StandbyControl } from './standby-control.js';
import { StageControl } from './stage-control.js';
import type { StageWatch } from '../stages/index.js';
import { UntrackedWork } from './untracked-work.js';
import type { RepairOptions, RepairReport, VerificationReport, VerifyOptions } from '../verify/index.js';

/** The history of one DataSource's entities. Made by `createBackstory`. */
export class Backstory extends EventReading {
  /** Where each aggregate stands, and the way forward and back. */
  readonly stages: StageControl;
  /** What operators ask: overview, one aggregate, one stream. The dashboard's source. */
  readonly admin: AdminQueries;
  /** Where old events go, and come back from. */
  readonly archive: ArchiveControl;
  /** The log and its archive as files, outside of PostgreSQL, and back. */
  readonly files: FileControl;
  /** Erases by person, says what is held on one, and erases what is old. */
  readonly erasure: ErasureControl;
  /** Reads on standbys that have what was written before. */
  readonly standbys: StandbyControl;
  /** @internal */
  protected readonly appends: Appends;
  /** @internal */
  protected readonly commands: CommandHandling;
  /** @internal */
  protected readonly restoration: Restoration;
  /** @internal */
  protected readonly untrackedWork: UntrackedWork;
  private readonly aggregates: KnownAggregates;
  private readonly backfills: Backfills;
  private readonly proofs: Proofs;

  /** @internal */
  constructor(
    dataSource: DataSource,
    private readonly database: Database,
    private readonly schema: string,
    protected readonly mappings: MappingRegistry,
    stageWatch: StageWatch,
    private readonly shadowReads: ShadowReads,
    private readonly snapshots: Snapshots,
    protected readonly replays: Replays,
    parsers: () => Promise<TypeParsers>,
    requiredShadowReads: number,
    ofCommands: CommandSettings,
    /** Handlers, projections and publishers that get the events. */
    readonly consumers: ConsumerControl,
    /** Evidence that nobody has changed events. */
    readonly seals: SealControl,
    /** The keys with which relays encrypt, one for each subject. */
    readonly keys: KeyControl,
    private readonly findings: (sql: SqlExecutor) => Promise<Finding[]>,
    private readonly reinstall: (options: InstallOptions) => Promise<InstallReport>,
    private readonly release: () => Promise<void>,
  ) {
    super();
    this.aggregates = new KnownAggregates(database, schema, mappings);
    this.stages = new StageControl(database, schema, this.aggregates, stageWatch, requiredShadowReads);
    this.backfills = new Backfills(database, schema, this.aggregates, this.stages);
    this.proofs = new Proofs(database, schema, this.aggregates, stageWatch);
    this.restoration = new Restoration(database, schema, this.aggregates);
    this.untrackedWork = new UntrackedWork(dataSource, database, schema, mappings);
    this.archive = new ArchiveControl(database, schema, mappings, this.stages);
    this.files = new FileControl(database, schema, mappings, keys);
    this.erasure = new ErasureControl(database, schema, mappings);
    this.admin = new AdminQueries(
      database,
      schema,
      mappings,
      this.aggregates,
      this.stages,
      findings,
      consumers.filterOf,
    );
    this.standbys = new StandbyControl(dataSource, database, stageWatch);
    this.appends = new Appends(dataSource, schema, mappings);
    const writing = [dataSource, database, schema, mappings, snapshots, parsers, stageWatch] as const;
    this.commands = new CommandHandling(...writing, ofCommands);
  }

  /**
   * Creates what is missing: own tables, and triggers of tables that were made or changed since. Idempotent.
   * @example const { captured } = await backstory.install();
   */
  install(options: InstallOptions = {}): Promise<InstallReport> {
    return this.reinstall(options);
  }

  /**
   * Writes a first event for every row that has none, while the application goes on writing.
   * @example const [report] = await backstory.backfill({ aggregates: ['order'] });
   */
  backfill(options: BackfillOptions & AggregateFilter = {}): Promise<BackfillReport[]> {
    return this.backfills.run(options);
  }

  /**
   * What a backfill would come to: tried with some rows of each aggregate, and taken back.
   * @example const estimates = await backstory.estimateBackfill({ aggregates: ['order'] });
   */
  estimateBackfill(
    options: Pick<BackfillOptions, 'where'> & AggregateFilter = {},
  ): Promise<BackfillEstimate[]> {
    return this.backfills.estimate(options);
  }

  /**
   * Asks backfills that are under way, in whatever process, to pause or to stop after their chunk; null lets them go on.
   * @returns the categories that have one
   * @example const paused = await backstory.askBackfill('pause', { aggregates: ['order'] });
   */
  askBackfill(wish: BackfillWish | null, filter: AggregateFilter = {}): Promise<string[]> {
    return this.backfills.ask(wish, filter);
  }

  /**
   * Proves that replaying the events gives the tables.
   * @throws BackstoryError for a named one that can't be seen whole, or is off
   * @example const { clean } = await backstory.verify({ aggregates: ['order'] });
   */
  verify(options: VerifyOptions & AggregateFilter = {}): Promise<VerificationReport> {
    return this.proofs.verify(options);
  }

  /**
   * Settles drift by appending corrections, or by writing the rows; rows that lack their first event are the backfill's.
   * @throws BackstoryError as `verify` does
   * @example const reports = await backstory.repair({ dryRun: true });
   */
  repair(options: RepairOptions & AggregateFilter = {}): Promise<RepairReport[]> {
    return this.proofs.repair(options);
  }

  /**
   * Erases values from the events of one entity, and appends one that says so. Its row stays.
   * @throws InvalidOptionsError, BackstoryError ERASURE_FAILED
   * @example await backstory.erase(Order, '41', { properties: ['shipping.street'], reason: 'asked by the customer' });
   */
  erase(target: EntityTarget, streamId: string, options?: ErasureOptions): Promise<ErasureReport> {
    return this.erasure.erase(target, streamId, options);
  }

  /**
   * The categories without a table that this history has, whoever has declared them.
   * @example const topics = await backstory.topics(); // ['newsletter']
   */
  topics(): Promise<string[]> {
    return readTopics(this.database, this.schema);
  }

  /**
   * Takes the snapshots of long streams anew, such as after a change of what an upcaster calls. `dryRun` only says what would come of it.
   * @throws InvalidOptionsError where the application's upcasters are not known here
   * @example const reports = await backstory.rebuildSnapshots({ aggregates: ['order'] });
   */
  async rebuildSnapshots(
    options: AggregateFilter & ProgressOptions & { dryRun?: boolean } = {},
  ): Promise<SnapshotReport[]> {
    const { aggregates = 'all', dryRun = false, ...following } = options;
    const [act, { database, schema }] = [dryRun ? countSnapshots : rebuildSnapshots, this];
    return inTurns(this.mappings.select(aggregates), 1, (each) => act(database, schema, each, following));
  }

  /**
   * Resolves when the snapshots that reads have asked for so far have been taken.
   * @example await backstory.snapshotsSettled();
   */
  snapshotsSettled(): Promise<void> {
    return this.snapshots.settled();
  }

  /**
   * Where each aggregate stands: stage, backfill, last verify, shadow reads, and from stage replay on, what is written without a command and by whom.
   * @throws InvalidOptionsError
   * @example for (const { category, stage } of await backstory.status()) log(category, stage);
   */
  async status(options: ResidualOptions = {}): Promise<AggregateStatus[]> {
    return readStatus(this.database, this.schema, await this.aggregates.stated(), options);
  }

  /**
   * How much there is and how much comes: for metrics.
   * @example const { lastPosition, bytes } = await backstory.volume();
   */
  volume(): Promise<Volume> {
    return readVolume(this.database, this.schema, this.mappings.all());
  }

  /**
   * Every difference between entities, tables and triggers, with the statement or command that mends it.
   * @example for (const { problem, remedy } of await backstory.doctor()) log(problem, remedy);
   */
  doctor(): Promise<Finding[]> {
    return this.findings(this.database);
  }

  /**
   * Runs `work` so that every write inside carries `context` (actor, correlation id, …) on its events.
   * @example await backstory.runInContext({ actor: 'importer' }, () => importOrders(file));
   */
  runInContext<Result>(context: CaptureContextSource, work: () => Result): Result {
    return runInContext(context, work);
  }

  /**
   * Resolves when every read made so far in stage shadow has been compared, or has failed to be: `status` says how many.
   * @example await backstory.shadowSettled();
   */
  shadowSettled(): Promise<void> {
    return this.shadowReads.settled();
  }

  /**
   * Stops the background work. Capture goes on: it is in the database. The DataSource stays open.
   * @example await backstory.close();
   */
  close(): Promise<void> {
    return this.release();
  }
}
