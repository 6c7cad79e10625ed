import type { DataSource, QueryRunner } from 'typeorm';
import type { EventData } from '../event/index.js';
import { quoteIdentifier } from '../database/index.js';
import { DriverValues, type EntityMapping, type MappingRegistry, streamIdSql } from '../mapping/index.js';
import {
  type AggregateState,
  parseStreamTail,
  type ReplayedStream,
  replayStreams,
  replayTail,
  type Snapshots,
  streamTailSql,
} from '../replay/index.js';
import type { ShadowReads } from '../shadow/index.js';
import type { StageWatch } from '../stages/index.js';
import { schemaOf } from './entity-mappings.js';
import type { PgClient } from './pg-pool.js';
import { executorOf } from './pool-database.js';
import { resultColumns } from './result-columns.js';
import { type Alias, RowIdentity, type Select } from './row-identity.js';

type RawResult = Record<string, unknown>;

/** One entity of a query's result that is in stage shadow or replay. */
interface FoundAlias {
  readonly mapping: EntityMapping;
  /** Name in the raw result by column name. */
  readonly names: ReadonlyMap<string, string>;
  readonly identity: RowIdentity;
}

/** What TypeORM's query builder notes of a query. */
export interface QueryShape {
  readonly selects: readonly Select[];
  readonly take?: number;
  readonly limit?: number;
  readonly lockMode?: string;
  readonly groupBys?: readonly unknown[];
  readonly selectDistinct?: boolean;
  readonly selectDistinctOn?: readonly unknown[];
}

/** What the events of the one row of a query are called in its result. */
const tailName = 'backstory_tail';

/**
 * Whether the query is for one row of one table, such as findOneBy: then its events come in the same round trip. Not
 * under a lock: what a query has waited for is newer than the events that it sees.
 */
function isOfOneRow(aliases: readonly Alias[], query: QueryShape): boolean {
  const { take, limit, lockMode, groupBys = [], selectDistinct = false, selectDistinctOn = [] } = query;
  return (
    aliases.length === 1 &&
    (take === 1 || limit === 1) &&
    lockMode === undefined &&
    groupBys.length === 0 &&
    !selectDistinct &&
    selectDistinctOn.length === 0 &&
    query.selects.some(({ selection }) => selection === aliases[0]?.name)
  );
}

/**
 * Lets an entity query of the application return replayed states: TypeORM finds the rows and builds the entities as
 * always, and between the two the values of each row are replaced by those of its replayed stream. So relations,
 * prototypes, transformers, @AfterLoad and change detection are TypeORM's own in every stage.
 */
export class ReplayingReads {
  private readonly driverValues = new WeakMap<EntityMapping, DriverValues>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly stages: StageWatch,
    private readonly shadow: ShadowReads,
    private readonly snapshots: Snapshots,
    private readonly onUnreplayed: (mapping: EntityMapping, streamId: string, reason?: Error) => void,
  ) {}

  /** What to add to an entity query, so that the streams of its rows are known, or come along with them. */
  selects(aliases: readonly Alias[], query: QueryShape): Select[] {
    const added = aliases.flatMap((alias, index) => {
      const mapping = this.mappingToRead(alias);
      return mapping ? new RowIdentity(mapping, alias, index).selects(query.selects) : [];
    });
    const [only] = aliases;
    const mapping = only && isOfOneRow(aliases, query) ? this.mappingToRead(only) : undefined;
    if (!only || !mapping || mapping.part || this.stages.of(mapping.category) !== 'replay') return added;
    const id = streamIdSql(mapping, quoteIdentifier(only.name));
    return [...added, { selection: streamTailSql(mapping, this.schema, id), aliasName: tailName }];
  }

  /** Called with what an entity query returned, before entities are made of it. */
  async apply(aliases: readonly Alias[], queryRunner: QueryRunner, rows: RawResult[]): Promise<RawResult[]> {
    const replayed: FoundAlias[] = [];
    const added: string[] = [];
    const { maxAliasLength } = this.dataSource.driver;
    for (const [index, alias] of aliases.entries()) {
      const mapping = this.mappingToRead(alias);
      if (!mapping) continue;
      const names = resultColumns(alias.name, alias.metadata, maxAliasLength);
      const found = { mapping, names, identity: new RowIdentity(mapping, alias, index) };
      added.push(...found.identity.names);
      if (this.stages.of(mapping.category) === 'replay') replayed.push(found);
      else this.shadow.observe(mapping.part?.root ?? mapping, streamIdsOf(found, rows));
    }
    if (replayed.length > 0) await this.replay(replayed, queryRunner, rows);
    for (const name of [...added, tailName]) rows.forEach((row) => delete row[name]);
    return rows;
  }

  /** The mapping of an alias whose entity is in stage shadow or replay. */
  private mappingToRead(alias: Alias): EntityMapping | undefined {
    if (!alias.hasMetadata) return undefined;
    const mapping = this.mappings.ofTable(
      schemaOf(this.dataSource, alias.metadata),
      alias.metadata.tableName,
    );
    const stage = mapping && this.stages.of(mapping.category);
    return stage === 'shadow' || stage === 'replay' ? mapping : undefined;
  }

  /** One query for each category, on the application's own connection: it sees its own uncommitted writes. */
  private async replay(
    aliases: readonly FoundAlias[],
    queryRunner: QueryRunner,
    rows: RawResult[],
  ): Promise<void> {
    const idsOf = new Map<EntityMapping, Set<string>>();
    for (const alias of aliases) {
      const root = alias.mapping.part?.root ?? alias.mapping;
      const ids = idsOf.get(root) ?? new Set();
      idsOf.set(root, ids);
      for (const id of streamIdsOf(alias, rows)) ids.add(id);
    }
    const client = (await queryRunner.connect()) as PgClient;
    const states = new Map<EntityMapping, ReadonlyMap<string, AggregateState>>();
    for (const [root, ids] of idsOf) {
      if (ids.size > 0) states.set(root, await this.streamsOf(root, [...ids], rows, client));
    }
    const filled = new Set<EntityMapping>();
    for (const alias of aliases) {
      const found = states.get(alias.mapping.part?.root ?? alias.mapping);
      // An entity that the query has under two aliases becomes two instances, which must not share objects.
      if (found) this.fill(alias, rows, found, client, filled.has(alias.mapping));
      filled.add(alias.mapping);
    }
  }

  /** A stream that can't be replayed is left out: its row is returned as it was found. */
  private async streamsOf(
    root: EntityMapping,
    ids: readonly string[],
    rows: readonly RawResult[],
    client: PgClient,
  ): Promise<ReadonlyMap<string, AggregateState>> {
    const unreplayable = new Set<string>();
    const onUnreplayable = (id: string, error: unknown): void => {
      unreplayable.add(id);
      this.onUnreplayed(root, id, error as Error);
    };
    const [id] = ids;
    const tail = rows[0]?.[tailName];
    let streams = new Map<string, ReplayedStream>();
    if (ids.length === 1 && id !== undefined && typeof tail === 'string') {
      try {
        streams.set(id, replayTail(root, id, parseStreamTail(root.category, id, tail)));
      } catch (error) {
        onUnreplayable(id, error);
      }
    } else {
      streams = await replayStreams(executorOf(client), this.schema, root, ids, {}, onUnreplayable);
    }
    for (const [streamId, stream] of streams) this.snapshots.observe(root, streamId, stream);
    return unreplayable.size === 0
      ? streams
      : new Map<string, AggregateState>([
          ...streams,
          ...[...unreplayable].map((each) => [each, asFound] as const),
        ]);
  }

  private fill(
    { mapping, names, identity }: FoundAlias,
    rows: RawResult[],
    states: ReadonlyMap<string, AggregateState>,
    client: PgClient,
    copy: boolean,
  ): void {
    const driverValues = this.driverValuesOf(mapping, client);
    const valuesOf = new Map<string, Map<string, unknown>>();
    for (const row of rows) {
      const ids = identity.of(row, names);
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
        valuesOf.set(key, (values = driverValues.of(copy ? structuredClone(state) : state)));
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

/** Of a stream that can't be replayed, which has been said already. */
const asFound: AggregateState = { root: undefined, parts: new Map() };

function* streamIdsOf({ names, identity }: FoundAlias, rows: readonly RawResult[]): Generator<string> {
  for (const row of rows) {
    const ids = identity.of(row, names);
    if (ids) yield ids.streamId;
  }
}

function stateOf(
  { part }: EntityMapping,
  aggregate: AggregateState | undefined,
  rowId: string,
): EventData | undefined {
  return part ? aggregate?.parts.get(part.path)?.get(rowId) : aggregate?.root;
}
