import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { isRecoveryConflict } from '../database/index.js';
import type { EventData } from '../event/index.js';
import { DriverValues, type EntityMapping, type MappingRegistry } from '../mapping/index.js';
import {
  type AggregateState,
  observeReplay,
  replayAndKeep,
  type ReplayCache,
  type ReplayedStream,
  replayKeptStreams,
  replayStreams,
  type Snapshots,
} from '../replay/index.js';
import type { ShadowReads } from '../shadow/index.js';
import { isInShare, isReadFromEvents, type StageWatch } from '../stages/index.js';
import { askedStreams, type AskingAlias, endName, tailName } from './asked-streams.js';
import type { InterceptingReads, PlannedRead, QueryShape } from './intercepting-reads.js';
import { type PgClient, executorOf } from '../connections/index.js';
import { type Alias, RowIdentity, type Select } from './row-identity.js';
import type { StandbyRead, StandbyReads } from './standby-reads.js';
import { storedColumns } from './stored-columns.js';
import { tableOf } from '../entities/index.js';

type RawResult = Record<string, unknown>;

/** One entity of a query's result that is in stage shadow or replay. */
export interface FoundAlias extends AskingAlias {
  /** Name in the raw result by column name, of what is selected from the table as it is. */
  readonly names: ReadonlyMap<string, string>;
  readonly identity: RowIdentity;
}

/** The streams of one aggregate that a query's rows are of, each with its end where the query tells it. */
type WantedStreams = Map<string, string | undefined>;

/** How the rows of an entity are read. */
export interface EntityRead {
  readonly mapping: EntityMapping;
  readonly percent: number;
  /** Oids of the tables whose rows may be replayed. */
  readonly tables: ReadonlySet<number>;
}

/**
 * Lets an entity query of the application return replayed states: TypeORM finds the rows and builds the entities as
 * always, and between the two the values of each row are replaced by those of its replayed stream. So relations,
 * prototypes, transformers, @AfterLoad and change detection are TypeORM's own in every stage.
 */
export class ReplayingReads implements InterceptingReads {
  readonly kind = 'single';
  private readonly driverValues = new WeakMap<EntityMapping, DriverValues>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly stages: StageWatch,
    private readonly shadow: ShadowReads,
    private readonly snapshots: Snapshots,
    private readonly cache: ReplayCache | undefined,
    private readonly onUnreplayed: (mapping: EntityMapping, streamId: string, reason?: Error) => void,
    private readonly standbys: StandbyReads,
  ) {}

  /** What there is to do for an entity query. Asked once for each: while it runs, the stages may change. */
  plan(
    aliases: readonly Alias[],
    query: QueryShape,
    isKept: boolean,
    standby: PgClient | undefined,
  ): PlannedRead | undefined {
    const found = this.find(aliases, query.selects);
    if (found.length === 0) return undefined;
    const onStandby = this.onStandby(standby);
    // one that may lack the functions of the events is asked for rows alone
    const isKnown = !onStandby || this.standbys.isKnown(onStandby);
    return {
      selects: [
        ...found.flatMap(({ identity, names }) => identity.selects(query.selects, names)),
        ...(isKnown ? askedStreams(found, aliases, query, this.schema, this.cache, isKept) : []),
      ],
      apply: (queryRunner, rows) => this.apply(found, queryRunner, rows, onStandby),
    };
  }

  /** For a query of which it isn't known yet whether rows of this history will come: what is known of its connection. */
  onStandby(client: PgClient | undefined): StandbyRead | undefined {
    return client && this.standbys.read(client);
  }

  /** The entities of a query that are in stage shadow or replay. */
  find(aliases: readonly Alias[], selects: readonly Select[]): FoundAlias[] {
    return aliases.flatMap((alias, index) => this.findOne(alias, index, selects) ?? []);
  }

  /** The same for one of them, which stands at `index` of the query. */
  findOne(alias: Alias, index: number, selects: readonly Select[]): FoundAlias | undefined {
    const read = alias.hasMetadata ? this.readOf(alias.metadata) : undefined;
    if (!read) return undefined;
    const { mapping, percent, tables } = read;
    const names = storedColumns(alias, selects, this.dataSource.driver.maxAliasLength);
    const identity = new RowIdentity(mapping, alias, index, tables);
    return { mapping, alias, index, names, identity, percent };
  }

  /** How an entity is captured, in whatever stage. */
  mappingOf(metadata: EntityMetadata): EntityMapping | undefined {
    const { schema, name } = tableOf(this.dataSource, metadata);
    return this.mappings.ofTable(schema, name);
  }

  /** How an entity is read in stage shadow or replay: the share that is replayed, and of which tables. */
  readOf(metadata: EntityMetadata): EntityRead | undefined {
    const mapping = this.mappingOf(metadata);
    if (!mapping) return undefined;
    const { stage, percent, tables: byPart } = this.stages.of(mapping.category);
    const tables = byPart.get(mapping.part?.path ?? '');
    return tables && isReadFromEvents(stage) ? { mapping, percent, tables } : undefined;
  }

  /**
   * Called with what an entity query returned, before entities are made of it. From a replica that doesn't have the stages, or that
   * has to go on with what it replays before it has given the events, the rows are returned as they are.
   */
  async apply(
    found: readonly FoundAlias[],
    queryRunner: QueryRunner,
    rows: RawResult[],
    onStandby: StandbyRead | undefined,
  ): Promise<void> {
    for (const alias of found) this.observe(alias, rows);
    const replayed = found.filter(({ percent }) => percent > 0);
    if (replayed.length === 0) return;
    try {
      if (onStandby && !(await this.standbys.hasStages(onStandby))) return;
      await this.replay(replayed, queryRunner, rows);
    } catch (error) {
      if (!onStandby || queryRunner.isTransactionActive || !isRecoveryConflict(error)) throw error;
    }
  }

  /** Lets the streams that aren't replayed be compared. */
  private observe(alias: FoundAlias, rows: readonly RawResult[]): void {
    const { mapping, names, identity, percent } = alias;
    if (percent >= 100) return;
    this.shadow.observe(mapping.part?.root ?? mapping, rows.length, (index) => {
      const streamId = identity.of(rows[index] as RawResult, names)?.streamId;
      return streamId !== undefined && !isInShare(mapping.category, streamId, percent) ? streamId : undefined;
    });
  }

  /** One query for each category, on the application's own connection: it sees its own uncommitted writes. */
  private async replay(
    aliases: readonly FoundAlias[],
    queryRunner: QueryRunner,
    rows: RawResult[],
  ): Promise<void> {
    const wantedOf = new Map<EntityMapping, WantedStreams>();
    const idsOf = aliases.map((alias) => rows.map((row) => replayedIds(alias, row)));
    for (const [place, alias] of aliases.entries()) {
      const root = alias.mapping.part?.root ?? alias.mapping;
      const wanted = wantedOf.get(root) ?? new Map<string, string | undefined>();
      wantedOf.set(root, wanted);
      const name = endName(alias.index);
      for (const [index, row] of rows.entries()) {
        const streamId = idsOf[place]?.[index]?.streamId;
        if (streamId === undefined) continue;
        const { [name]: end } = row;
        if (typeof end === 'string') wanted.set(streamId, end);
        else if (!wanted.has(streamId)) wanted.set(streamId, undefined);
      }
    }
    const client = (await queryRunner.connect()) as PgClient;
    const states = new Map<EntityMapping, ReadonlyMap<string, FoundState>>();
    for (const [root, wanted] of wantedOf) {
      if (wanted.size > 0) states.set(root, await this.streamsOf(root, wanted, rows, client));
    }
    const filled = new Set<EntityMapping>();
    for (const [place, alias] of aliases.entries()) {
      const found = states.get(alias.mapping.part?.root ?? alias.mapping);
      // An entity that the query has under two aliases becomes two instances, which must not share objects.
      if (found) this.fill(alias, rows, idsOf[place] ?? [], found, client, filled.has(alias.mapping));
      filled.add(alias.mapping);
    }
  }

  /** A stream that can't be replayed is left out: its row is returned as it was found. */
  private async streamsOf(
    root: EntityMapping,
    wanted: WantedStreams,
    rows: readonly RawResult[],
    client: PgClient,
  ): Promise<ReadonlyMap<string, FoundState>> {
    const unreplayable = new Set<string>();
    const onUnreplayable = (id: string, error: unknown): void => {
      unreplayable.add(id);
      this.onUnreplayed(root, id, error as Error);
    };
    const { schema, cache } = this;
    const ids = [...wanted.keys()];
    const [id] = ids;
    const tail = rows[0]?.[tailName];
    const replay = async (): Promise<Map<string, ReplayedStream>> => {
      if (ids.length === 1 && id !== undefined && typeof tail === 'string') {
        const end = wanted.get(id);
        cache?.note(root, 1, cache.find(root, id, end) ? 1 : 0);
        const stream = replayAndKeep(root, id, tail, end, cache, onUnreplayable);
        return new Map(stream && [[id, stream]]);
      }
      const sql = executorOf(client);
      return cache
        ? replayKeptStreams(sql, schema, root, wanted, cache, onUnreplayable)
        : replayStreams(sql, schema, root, ids, {}, onUnreplayable);
    };
    const streams = await observeReplay(root, ids.length, replay);
    for (const [streamId, stream] of streams) {
      this.snapshots.observe(root, streamId, stream);
      // what was erased in the events may still be in the row: the application reads that, as in every other stage
      if (stream.erased) unreplayable.add(streamId);
    }
    return unreplayable.size === 0
      ? streams
      : new Map<string, FoundState>([
          ...streams,
          ...[...unreplayable].map((each) => [each, asFound] as const),
        ]);
  }

  private fill(
    alias: FoundAlias,
    rows: RawResult[],
    idsOf: readonly ReturnType<RowIdentity['of']>[],
    states: ReadonlyMap<string, FoundState>,
    client: PgClient,
    copy: boolean,
  ): void {
    const { mapping, names } = alias;
    const driverValues = this.driverValuesOf(mapping, client);
    const valuesOf = new Map<string, Map<string, unknown>>();
    for (const [index, row] of rows.entries()) {
      const ids = idsOf[index];
      if (!ids) continue;
      const key = mapping.part ? JSON.stringify([ids.streamId, ids.rowId]) : ids.streamId;
      let values = valuesOf.get(key);
      if (!values) {
        const aggregate = states.get(ids.streamId);
        const state = stateOf(mapping, aggregate, ids.rowId);
        if (!state) {
          // Deleted a moment ago, or never captured: the row as it was found, and a word to the operator.
          if (aggregate !== asFound) this.onUnreplayed(mapping, ids.streamId);
          continue;
        }
        valuesOf.set(key, (values = driverValues.recordedIn(state, copy || aggregate?.memory !== undefined)));
      }
      for (const [column, value] of values) {
        const name = names.get(column);
        if (name !== undefined && name in row) row[name] = value;
      }
    }
  }

  private driverValuesOf(mapping: EntityMapping, client: PgClient): DriverValues {
    let values = this.driverValues.get(mapping);
    if (!values) {
      values = new DriverValues(mapping, (typeOid) => client.getTypeParser(typeOid, 'text'));
      this.driverValues.set(mapping, values);
    }
    return values;
  }
}

type FoundState = AggregateState & Pick<ReplayedStream, 'memory'>;

/** Of a stream that can't be replayed, which has been said already. */
const asFound: FoundState = { root: undefined, parts: new Map() };

/** The stream of a row and its place in it, if it can be known and belongs to the share that is replayed. */
function replayedIds(
  { mapping, names, identity, percent }: FoundAlias,
  row: RawResult,
): ReturnType<RowIdentity['of']> {
  const ids = identity.of(row, names);
  return ids && isInShare(mapping.category, ids.streamId, percent) ? ids : undefined;
}

function stateOf(
  { part }: EntityMapping,
  aggregate: AggregateState | undefined,
  rowId: string,
): EventData | undefined {
  return part ? aggregate?.parts.get(part.path)?.get(rowId) : aggregate?.root;
}
