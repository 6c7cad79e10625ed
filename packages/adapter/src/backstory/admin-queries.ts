import {
  type Activity,
  type AggregateStatus,
  changesBetween,
  type CorrelationPage,
  type DriftExample,
  type DriftReport,
  type EventPage,
  type ListedEvent,
  type EventSearch,
  type Finding,
  findStreams,
  flatState,
  type FoundStream,
  type LogReport,
  type Overview,
  type PropertyChange,
  readActivity,
  readCorrelation,
  readDrift,
  readDriftExamples,
  readEvent,
  readEvents,
  readLog,
  readOverview,
  readStatus,
  readStreamPage,
  requirePosition,
  requireSearch,
  type ShownValue,
  shownValue,
  type StreamPage,
  withinTimeLimit,
} from '../admin/index.js';
import type { Database, SqlExecutor } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import { type ConsumerStatus, type FilterOf, listConsumers } from '../outbox/index.js';
import { replayStreams } from '../replay/index.js';
import type { KnownAggregates } from '../aggregates/index.js';
import type { StageControl } from './stage-control.js';
import { type NextStep, type StageChange, stageChanges } from '../stages/index.js';
import type { Unseen } from '../verify/index.js';

/** Everything about one aggregate that an operator decides by. */
export interface AggregateReport {
  readonly name: string;
  readonly status: AggregateStatus;
  readonly step: NextStep;
  readonly activity: Activity;
  /** Relation paths and tables of what it owns. */
  readonly parts: readonly { readonly path: string; readonly table: string }[];
  /** Properties that never go into an event. */
  readonly excluded: readonly string[];
  readonly examples: readonly DriftExample[];
  /** Newest first. */
  readonly changes: readonly StageChange[];
}

/** The state of one stream after one of its events. */
export interface StateAtVersion {
  readonly version: number;
  /** Null where it didn't exist or was deleted by then. */
  readonly properties: readonly { readonly property: string; readonly value: ShownValue }[] | null;
}

/** The newest are enough to look at; the command line has all. */
const stageChangesShown = 100;
/** Longest text of a value in a state. */
const longestValue = 20_000;

/**
 * Questions of operators, as the dashboard asks them: each within five seconds for a statement and read-only, on one connection of
 * the application's pool. What is excluded is not in the answers, even where old events have it.
 * @throws BackstoryError QUERY_TIMED_OUT; UnknownAggregateError for a name that isn't there
 */
export class AdminQueries {
  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly aggregates: KnownAggregates,
    private readonly stages: StageControl,
    private readonly findings: (sql: SqlExecutor) => Promise<Finding[]>,
    private readonly filterOf: FilterOf,
  ) {}

  /**
   * Where each aggregate stands and what it takes to go on, how much is recorded and what it weighs.
   * @example const overview = await backstory.admin.overview();
   */
  overview(): Promise<Overview & { readonly unseen: readonly Unseen[] }> {
    return this.ask(async (sql) => ({
      ...(await readOverview(sql, this.schema, this.mappings.all(), await this.stages.nextStepsIn(sql))),
      unseen: (await this.aggregates.unseen()).map(({ category, reason }) => ({ category, reason })),
    }));
  }

  /**
   * @param hours - how far back its activity goes; null for all
   * @example const { status, step } = await backstory.admin.aggregate('order', 24);
   */
  async aggregate(name: string, hours: number | null = null): Promise<AggregateReport> {
    if (hours !== null && !(hours > 0 && hours <= 1e6))
      throw new InvalidOptionsError(`hours: ${hours} is no time.`, 'Use a number above 0, or null for all.');
    const mapping = this.mappings.get(name);
    return this.ask(async (sql) => {
      const { category } = mapping;
      const [status] = await readStatus(sql, this.schema, [mapping]);
      const [step] = await this.stages.nextStepsIn(sql, [category]);
      return {
        name: mapping.knownAs,
        status: status as AggregateStatus,
        step: step as NextStep,
        activity: await readActivity(sql, this.schema, mapping, hours),
        parts: mapping.parts.map(({ part, table }) => ({
          path: part.path,
          table: `${table.schema}.${table.name}`,
        })),
        excluded: [mapping, ...mapping.parts].flatMap(({ excluded, withheld, part }) =>
          [...excluded, ...withheld].map((property) => (part ? `${part.path}.${property}` : property)),
        ),
        examples: await readDriftExamples(sql, this.schema, category),
        changes: (await stageChanges(sql, this.schema, category)).slice(-stageChangesShown).reverse(),
      };
    });
  }

  /**
   * Streams by their id: exactly, or within one aggregate also by how it begins. 20 at most.
   * @example const streams = await backstory.admin.findStreams('42');
   */
  async findStreams(id: string, aggregate?: string): Promise<FoundStream[]> {
    const mappings = aggregate === undefined ? this.mappings.all() : [this.mappings.get(aggregate)];
    return this.ask((sql) => findStreams(sql, this.schema, mappings, id));
  }

  /**
   * 50 events of all categories, newest first, of the log without its archive; one of more than 20 kB without its values. There is no index by category, type or time: unless it is for one stream, a
   * search is one of the newest 10 000 events, and says where the next one goes on.
   * @throws InvalidOptionsError
   * @example const page = await backstory.admin.events({ category: 'order', actor: 'anna' });
   */
  async events(search: EventSearch = {}): Promise<EventPage> {
    requireSearch(search);
    return this.ask((sql) => readEvents(sql, this.schema, this.mappings, search));
  }

  /**
   * One event of the log or its archive, with its values up to 20 000 characters each: also of one that a list has without them, for its size.
   * @throws InvalidOptionsError where there is no event at this position
   * @example const event = await backstory.admin.event('1');
   */
  async event(position: string): Promise<ListedEvent> {
    requirePosition('position', position);
    const event = await this.ask((sql) => readEvent(sql, this.schema, this.mappings, position, longestValue));
    if (event) return event;
    throw new InvalidOptionsError(
      `There is no event at position ${position} of the log.`,
      'Use the global position of one that is there.',
    );
  }

  /**
   * The events of one correlation over all streams, in order. Without an index (`index.sql` makes it) among the `look` events around a
   * position, or at the end of the log: 10 000, where nothing is said; 1 000 000 at most.
   * @throws InvalidOptionsError
   * @example const page = await backstory.admin.correlation('import-1');
   */
  async correlation(
    correlationId: string,
    { around, look = 10_000 }: { around?: string; look?: number } = {},
  ): Promise<CorrelationPage> {
    requirePosition('around', around);
    if (!(Number.isSafeInteger(look) && look >= 1 && look <= 1_000_000))
      throw new InvalidOptionsError(
        `look: ${look} is no number of events.`,
        'Use a whole number up to 1 000 000.',
      );
    return this.ask((sql) =>
      readCorrelation(sql, this.schema, this.mappings, correlationId, { around, newest: look }),
    );
  }

  /**
   * 50 events of a stream, or 1 MB of them, newest first, each with the values that it has changed; those before a position, or the last ones.
   * @example const page = await backstory.admin.stream('order', '42');
   */
  async stream(aggregate: string, streamId: string, before?: number): Promise<StreamPage> {
    const mapping = this.mappings.get(aggregate);
    if (before !== undefined) requireVersion(before);
    return this.ask((sql) => readStreamPage(sql, this.schema, mapping, streamId, before));
  }

  /**
   * The state that its events come to, up to a version.
   * @throws ReplayError for a stream that can't be replayed
   * @example const { properties } = await backstory.admin.stateAt('order', '42', 3);
   */
  async stateAt(aggregate: string, streamId: string, version: number): Promise<StateAtVersion> {
    const mapping = this.mappings.get(aggregate);
    const state = await this.ask((sql) => this.flatStateAt(sql, mapping, streamId, version));
    const properties =
      state && [...state].map(([property, value]) => ({ property, value: shownValue(value, longestValue) }));
    return { version, properties: properties ?? null };
  }

  /**
   * What differs between two versions of a stream.
   * @throws ReplayError for a stream that can't be replayed
   * @example const changes = await backstory.admin.compareVersions('order', '42', 1, 3);
   */
  async compareVersions(
    aggregate: string,
    streamId: string,
    from: number,
    to: number,
  ): Promise<PropertyChange[]> {
    const mapping = this.mappings.get(aggregate);
    return this.ask(async (sql) =>
      changesBetween(
        await this.flatStateAt(sql, mapping, streamId, from),
        await this.flatStateAt(sql, mapping, streamId, to),
      ),
    );
  }

  /**
   * Streams that verify or reads have found to differ, compared again: row beside replay, value by value. Records nothing.
   * @example const drift = await backstory.admin.drift('order');
   */
  async drift(aggregate: string): Promise<DriftReport> {
    const mapping = await this.aggregates.get(aggregate);
    return this.ask((sql) => readDrift(sql, this.schema, this.mappings, mapping));
  }

  /**
   * As `backstory.consumers.list()`.
   * @example const consumers = await backstory.admin.consumers();
   */
  consumers(): Promise<ConsumerStatus[]> {
    return this.ask((sql) => listConsumers(sql, this.schema, this.filterOf));
  }

  /**
   * Seals, retention, the archive, topics, and where events were lost.
   * @example const log = await backstory.admin.log();
   */
  log(): Promise<LogReport> {
    return this.ask((sql) => readLog(sql, this.schema, this.mappings.all()));
  }

  /**
   * As `backstory.doctor()`.
   * @example const findings = await backstory.admin.doctor();
   */
  doctor(): Promise<Finding[]> {
    return this.ask(this.findings);
  }

  private async flatStateAt(
    sql: SqlExecutor,
    mapping: EntityMapping,
    streamId: string,
    version: number,
  ): Promise<ReturnType<typeof flatState>> {
    requireVersion(version);
    const replayed = await replayStreams(sql, this.schema, mapping, [streamId], { version });
    const stream = replayed.get(streamId);
    return stream && flatState(mapping, stream);
  }

  private ask<Result>(work: (sql: SqlExecutor) => Promise<Result>): Promise<Result> {
    return withinTimeLimit(this.database, work);
  }
}

function requireVersion(version: number): void {
  if (Number.isSafeInteger(version) && version >= 0) return;
  throw new InvalidOptionsError(`${version} is no position in a stream.`, 'Use a whole number.');
}
