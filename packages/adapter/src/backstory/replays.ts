import type { DataSource, ObjectLiteral } from 'typeorm';
import type { Database } from '../database/index.js';
import { readTopics } from '../appending/index.js';
import { InvalidOptionsError, UnknownAggregateError } from '../errors.js';
import type { StageWatch } from '../stages/index.js';
import type { EventData, RecordedEvent } from '../event/index.js';
import {
  type HistoryOptions,
  namingUnreadable,
  readRecordedAt,
  readStream,
  type ReadStreamOptions,
  untrackedCategory,
} from '../event-store/index.js';
import {
  type EntityMapping,
  entityName,
  type EntityTarget,
  type MappingRegistry,
  rememberMapping,
  type TypeParsers,
} from '../mapping/index.js';
import {
  type AggregateState,
  applyReducers,
  copyOfStream,
  observeReplay,
  type ReducedState,
  type ReducerOptions,
  reducersByType,
  replayCategory,
  type ReplayCache,
  type ReplayedStream,
  replayKeptStreams,
  replayStreams,
  settledAggregate,
  type Snapshots,
  requireSettled,
} from '../replay/index.js';
import { goesBy } from '../erasure/index.js';
import { searchScope } from './search-scope.js';
import { hydrateAggregates } from '../reads/index.js';
import { upcast } from '../upcasting/index.js';

/** What the events of a stream come to, with values as events have them. */
export type ReplayedState = ReducedState<EventData | null>;

/** A category without a table: its events are as they were appended. */
interface Topic {
  readonly category: string;
}

/** What is read from the events alone. */
export class Replays {
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly snapshots: Snapshots,
    private readonly cache: ReplayCache | undefined,
    private readonly parsers: () => Promise<TypeParsers>,
    private readonly stages: StageWatch,
  ) {}

  async history(target: EntityTarget, streamId: string, options?: HistoryOptions): Promise<RecordedEvent[]> {
    const name = entityName(target);
    const mapping = this.mappings.find(name) ?? (await this.other(name));
    return this.events(mapping, streamId, options);
  }

  async reduce<State>(
    target: EntityTarget,
    streamId: string,
    reducers: object,
    { initial, unhandled, ...until }: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>> {
    const known = typeof target === 'string' ? this.mappings.find(target) : this.mapping(target);
    const mapping = known ?? (await this.topic(target as string));
    const byType = reducersByType(reducers);
    const events = await this.events(mapping, streamId, until);
    const { category } = mapping;
    return applyReducers({ category, streamId }, events, byType, {
      initial,
      ...(unhandled && { unhandled }),
    });
  }

  async state(target: EntityTarget, streamId: string, until?: ReadStreamOptions): Promise<ReplayedState> {
    requireBounds(until);
    const mapping = this.mapping(target);
    const streams = await this.replay(mapping, [streamId], until);
    const stream = streams.get(streamId);
    if (stream) this.snapshots.observe(mapping, streamId, stream);
    const { position = 0 } = stream ?? {};
    return { state: stream ? settledAggregate(mapping, stream) : null, position };
  }

  async load(
    target: EntityTarget,
    streamId: string,
    until?: ReadStreamOptions,
  ): Promise<ObjectLiteral | null> {
    requireBounds(until);
    const mapping = this.mapping(target);
    requireSettled(this.stages, mapping);
    // JavaScript gives a number where the key is one
    const id = String(streamId);
    const streams = await this.replay(mapping, [id], until);
    const stream = streams.get(id);
    if (!stream) return null;
    this.snapshots.observe(mapping, id, stream);
    const asOf =
      until?.asOf ??
      (until?.version === undefined ? undefined : await this.recordedAt(mapping, id, stream.position));
    const [entity] = await this.hydrate(mapping, [stream], asOf);
    return entity ?? null;
  }

  /** Looks at what it is given at once, not only when the first entity is asked for. */
  loadAll(target: EntityTarget, asOf?: Date): AsyncGenerator<ObjectLiteral, void, undefined> {
    requireBounds(asOf && { asOf });
    const mapping = this.mapping(target);
    requireSettled(this.stages, mapping);
    return this.entities(mapping, asOf);
  }

  private async *entities(
    mapping: EntityMapping,
    asOf: Date | undefined,
  ): AsyncGenerator<ObjectLiteral, void, undefined> {
    for await (const page of replayCategory(this.database, this.schema, mapping, asOf)) {
      for (const [streamId, stream] of page) this.snapshots.observe(mapping, streamId, stream);
      for (const entity of await this.hydrate(mapping, [...page.values()], asOf)) if (entity) yield entity;
    }
  }

  /** With states that are whoever's who asks. To the end of the streams, from memory where that has them. */
  private async replay(
    mapping: EntityMapping,
    ids: readonly string[],
    until?: ReadStreamOptions,
  ): Promise<Map<string, ReplayedStream>> {
    const { database, schema, cache } = this;
    const wanted = new Map(ids.map((id) => [id, undefined]));
    const isToTheEnd = until?.version === undefined && until?.asOf === undefined;
    const streams = await observeReplay(mapping, ids.length, () =>
      cache && isToTheEnd
        ? replayKeptStreams(database, schema, mapping, wanted, cache)
        : replayStreams(database, schema, mapping, ids, until),
    );
    return new Map([...streams].map(([id, stream]) => [id, copyOfStream(stream)]));
  }

  private async hydrate(
    mapping: EntityMapping,
    streams: readonly AggregateState[],
    asOf: Date | undefined,
  ): Promise<(ObjectLiteral | null)[]> {
    const hydration = {
      dataSource: this.dataSource,
      mappings: this.mappings,
      parsers: await this.parsers(),
      replay: (related: EntityMapping, ids: readonly string[]) => this.replay(related, ids, asOf && { asOf }),
    };
    return hydrateAggregates(hydration, mapping, streams);
  }

  private async events(
    known: EntityMapping | Topic,
    streamId: string,
    options?: HistoryOptions,
  ): Promise<RecordedEvent[]> {
    requireBounds(options);
    const { category } = known;
    const events = await namingUnreadable(this.database, this.schema, { category, streamId }, () =>
      readStream(this.database, this.schema, category, streamId, options),
    );
    return 'table' in known
      ? events.map((event) => rememberMapping(upcast(known, event), known))
      : events.map((event) => rememberMapping(event, null));
  }

  /** @throws UnknownAggregateError which names aggregates and topics */
  private async topic(name: string): Promise<Topic> {
    const topics = await readTopics(this.database, this.schema);
    if (topics.includes(name)) return { category: name };
    const aggregates = this.mappings.all().map(({ knownAs }) => knownAs);
    throw new UnknownAggregateError('UNKNOWN_CATEGORY', name, [...aggregates, ...topics]);
  }

  /** Also what other releases and services have captured, as far as it can be read here, and else as it is stored. */
  private async other(name: string): Promise<EntityMapping | Topic> {
    if (name === untrackedCategory) return { category: name };
    const { others, unsearched } = await searchScope(this.database, this.schema, this.mappings.all());
    const { category } = unsearched.find((each) => goesBy(each, name)) ?? {};
    const stored = category === undefined ? undefined : { category };
    return others.find((mapping) => goesBy(mapping, name)) ?? stored ?? this.topic(name);
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

  private mapping(target: EntityTarget): EntityMapping {
    return this.mappings.get(entityName(target));
  }
}

/** PostgreSQL would say of these only that it can't read them. */
function requireBounds({ asOf, last, ...positions }: HistoryOptions = {}): void {
  for (const name of ['version', 'after'] as const) {
    const { [name]: position } = positions;
    if (position === undefined || (Number.isSafeInteger(position) && position >= 0)) continue;
    throw new InvalidOptionsError(
      `${name} ${String(position)} is no position in a stream.`,
      'Use a whole number.',
    );
  }
  if (last !== undefined && !(Number.isSafeInteger(last) && last > 0)) {
    throw new InvalidOptionsError(`last ${String(last)} is no number of events.`, 'Use 1 or more.');
  }
  if (asOf !== undefined && !(asOf instanceof Date && !Number.isNaN(asOf.getTime()))) {
    throw new InvalidOptionsError(`asOf ${String(asOf)} is no moment.`, 'Use a valid Date.');
  }
}
