import type { DataSource, ObjectLiteral } from 'typeorm';
import { AdminQueries } from './admin-queries.js';
import {
  type AggregateStatus,
  type Finding,
  readStatus,
  readVolume,
  type ResidualOptions,
  type Volume,
} from './admin/index.js';
import type { AggregateFilter } from './aggregate-filter.js';
import { readTopics } from './appending/index.js';
import { Appends } from './appends.js';
import { ArchiveControl } from './archive-control.js';
import type { BackfillEstimate, BackfillOptions, BackfillReport, BackfillWish } from './backfill/index.js';
import { Backfills } from './backfills.js';
import { type CaptureContextSource, runInContext } from './capture/index.js';
import { CommandHandling, type CommandSettings } from './command-handling.js';
import type { ConsumerControl } from './consumer-control.js';
import type { Database, SqlExecutor } from './database/index.js';
import { ErasureControl } from './erasure-control.js';
import type { ErasureOptions, ErasureReport } from './erasure/index.js';
import type { EventDataOf, RecordedEvent } from './event/index.js';
import type { HistoryOptions, ReadStreamOptions } from './event-store/index.js';
import { inTurns } from './in-turns.js';
import type { InstallOptions, InstallReport } from './install.js';
import { EventWriting } from './event-writing.js';
import { FileControl } from './file-control.js';
import { KnownAggregates } from './known-aggregates.js';
import type { EntityTarget, MappingRegistry, TypeParsers } from './mapping/index.js';
import type { ProgressOptions } from './observation/index.js';
import { Proofs } from './proofs.js';
import {
  countSnapshots,
  rebuildSnapshots,
  type ReducedState,
  type ReducerOptions,
  type Reducers,
  type ReducingObject,
  type SnapshotReport,
  type Snapshots,
} from './replay/index.js';
import type { ReplayedState, Replays } from './replays.js';
import { Restoration } from './restoration.js';
import type { KeyControl } from './key-control.js';
import type { SealControl } from './seal-control.js';
import type { ShadowReads } from './shadow/index.js';
import { StandbyControl } from './standby-control.js';
import { StageControl } from './stage-control.js';
import type { StageWatch } from './stages/index.js';
import { UntrackedWork } from './untracked-work.js';
import { upcast } from './upcasting/index.js';
import type { RepairOptions, RepairReport, VerificationReport, VerifyOptions } from './verify/index.js';
import type { TypedEntity } from './typeorm/index.js';

/** The history of one DataSource's entities. Made by `createBackstory`. */
export class Backstory extends EventWriting {
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
    private readonly mappings: MappingRegistry,
    stageWatch: StageWatch,
    private readonly shadowReads: ShadowReads,
    private readonly snapshots: Snapshots,
    private readonly replays: Replays,
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

  /** Creates what is missing: own tables, and triggers of tables that were made or changed since. Idempotent. */
  install(options: InstallOptions = {}): Promise<InstallReport> {
    return this.reinstall(options);
  }

  /** Writes a first event for every row that has none, while the application goes on writing. */
  backfill(options: BackfillOptions & AggregateFilter = {}): Promise<BackfillReport[]> {
    return this.backfills.run(options);
  }

  /** What a backfill would come to: tried with some rows of each aggregate, and taken back. */
  estimateBackfill(
    options: Pick<BackfillOptions, 'where'> & AggregateFilter = {},
  ): Promise<BackfillEstimate[]> {
    return this.backfills.estimate(options);
  }

  /** Asks backfills that are under way, in whatever process, to pause or to stop after their chunk; null lets them go on. @returns the categories that have one */
  askBackfill(wish: BackfillWish | null, filter: AggregateFilter = {}): Promise<string[]> {
    return this.backfills.ask(wish, filter);
  }

  /** Proves that replaying the events gives the tables. @throws BackstoryError for a named one that can't be seen whole, or is off */
  verify(options: VerifyOptions & AggregateFilter = {}): Promise<VerificationReport> {
    return this.proofs.verify(options);
  }

  /**
   * Settles drift by appending corrections, or by writing the rows; rows that lack their first event are the backfill's.
   * @throws BackstoryError as `verify` does
   */
  repair(options: RepairOptions & AggregateFilter = {}): Promise<RepairReport[]> {
    return this.proofs.repair(options);
  }

  /** Erases values from the events of one entity, and appends one that says so. Its row stays. @throws InvalidOptionsError, BackstoryError ERASURE_FAILED */
  erase(target: EntityTarget, streamId: string, options?: ErasureOptions): Promise<ErasureReport> {
    return this.erasure.erase(target, streamId, options);
  }

  /** The categories without a table that this history has, whoever has declared them. */
  topics(): Promise<string[]> {
    return readTopics(this.database, this.schema);
  }

  /**
   * The events of one stream, upcast, newest last: all, or those behind a position, the newest few, up to a version or a
   * moment. Also of a stream that has ended, and empty for one that isn't there. For the class of an entity the data is typed by it.
   * @throws ReplayError for an event that is newer than the code
   */
  history<Entity>(
    entity: TypedEntity<Entity>,
    streamId: string,
    options?: HistoryOptions,
  ): Promise<RecordedEvent<EventDataOf<Entity>>[]>;
  history(categoryOrEntity: string, streamId: string, options?: HistoryOptions): Promise<RecordedEvent[]>;
  history(target: EntityTarget, streamId: string, options?: HistoryOptions): Promise<RecordedEvent[]> {
    return this.replays.history(target, streamId, options);
  }

  /** An event as the code of today knows it, such as a sample in a test. @throws ReplayError for one that is newer than the code, or that its upcaster fails on */
  upcast(event: RecordedEvent): RecordedEvent {
    return upcast(this.mappings.get(event.category), event);
  }

  /**
   * The entity as its events tell it: now, at a version of its stream, or at a moment. An instance as TypeORM
   * would have loaded it: without relations, but with what its aggregate `owns`. Null when it didn't exist or was
   * deleted by then.
   */
  load<Entity extends ObjectLiteral>(
    entity: TypedEntity<Entity> | string,
    streamId: string,
    options?: ReadStreamOptions,
  ): Promise<Entity | null> {
    return this.replays.load(entity, streamId, options) as Promise<Entity | null>;
  }

  /**
   * Every entity as {@link load} gives it, now or as of a moment: those that were there, in the order of their stream ids,
   * byte by byte. Read page by page while it is iterated, so memory doesn't grow with their number. Without `asOf` each page
   * is as of when it is read; a transaction that was open at `asOf` and is committed later belongs to that moment.
   * @throws ReplayError, while it is iterated, for a stream that can't be replayed
   * @example for await (const order of backstory.loadAll(Order, { asOf: new Date('2026-01-01') })) { … }
   */
  loadAll<Entity extends ObjectLiteral>(
    entity: TypedEntity<Entity> | string,
    { asOf }: Pick<ReadStreamOptions, 'asOf'> = {},
  ): AsyncGenerator<Entity, void, undefined> {
    return this.replays.loadAll(entity, asOf) as AsyncGenerator<Entity, void, undefined>;
  }

  /**
   * The state that the events of one stream come to, with values as events have them and parts under their path and id; now,
   * at a version or at a moment. `state` is null when it was deleted by then, and `position` 0 when it didn't exist.
   */
  state(entity: EntityTarget, streamId: string, options?: ReadStreamOptions): Promise<ReplayedState> {
    return this.replays.state(entity, streamId, options);
  }

  /**
   * Folds the events of one stream, upcast, into a state of your own: with a function for each event type, or the methods of
   * an object that are decorated with `Applies`. From the first event on, without snapshots; what entities are loaded from
   * stays the fold of Backstory.
   * @throws ReplayError that names stream, position and type when a reducer fails (its error is the `cause`), when a position
   * is missing, or for an event without a reducer where these are refused
   * @example
   * const { state, position } = await backstory.replay(Order, '42', { OrderShipped: (times) => times + 1 }, { initial: 0 });
   */
  replay<State>(
    entity: EntityTarget,
    streamId: string,
    reducers: Reducers<State>,
    options: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>>;
  replay<State, Instance extends object>(
    entity: EntityTarget,
    streamId: string,
    reducers: ReducingObject<Instance>,
    options: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>>;
  replay<State>(
    entity: EntityTarget,
    streamId: string,
    reducers: object,
    options: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>> {
    return this.replays.reduce(entity, streamId, reducers, options);
  }

  /**
   * Takes the snapshots of long streams anew, such as after a change of what an upcaster calls. `dryRun` only says what would come of it.
   * @throws InvalidOptionsError where the application's upcasters are not known here
   */
  async rebuildSnapshots(
    options: AggregateFilter & ProgressOptions & { dryRun?: boolean } = {},
  ): Promise<SnapshotReport[]> {
    const { aggregates = 'all', dryRun = false, ...following } = options;
    const [act, { database, schema }] = [dryRun ? countSnapshots : rebuildSnapshots, this];
    return inTurns(this.mappings.select(aggregates), 1, (each) => act(database, schema, each, following));
  }

  /** Resolves when the snapshots that reads have asked for so far have been taken. */
  snapshotsSettled(): Promise<void> {
    return this.snapshots.settled();
  }

  /** Where each aggregate stands: stage, backfill, last verify, shadow reads, and from stage replay on, what is written without a command and by whom. @throws InvalidOptionsError */
  async status(options: ResidualOptions = {}): Promise<AggregateStatus[]> {
    return readStatus(this.database, this.schema, await this.aggregates.stated(), options);
  }

  /** How much there is and how much comes: for metrics. */
  volume(): Promise<Volume> {
    return readVolume(this.database, this.schema, this.mappings.all());
  }

  /** Every difference between entities, tables and triggers, with the statement or command that mends it. */
  doctor(): Promise<Finding[]> {
    return this.findings(this.database);
  }

  /** Runs `work` so that every write inside carries `context` (actor, correlation id, …) on its events. */
  runInContext<Result>(context: CaptureContextSource, work: () => Result): Result {
    return runInContext(context, work);
  }

  /** Resolves when every read made so far in stage shadow has been compared, or has failed to be: `status` says how many. */
  shadowSettled(): Promise<void> {
    return this.shadowReads.settled();
  }

  /** Stops the background work. Capture goes on: it is in the database. The DataSource stays open. */
  close(): Promise<void> {
    return this.release();
  }
}
