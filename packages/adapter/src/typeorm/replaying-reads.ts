import type { DataSource, QueryRunner } from 'typeorm';
import type { EventData } from '../event/index.js';
import { DriverValues, type EntityMapping, type MappingRegistry } from '../mapping/index.js';
import { type AggregateState, replayStreams } from '../replay/index.js';
import type { ShadowReads } from '../shadow/index.js';
import { isInShare, type StageWatch } from '../stages/index.js';
import { schemaOf } from './entity-mappings.js';
import type { PgClient } from './pg-pool.js';
import { executorOf } from './pool-database.js';
import { resultColumns } from './result-columns.js';
import { type Alias, RowIdentity, type Select } from './row-identity.js';

type RawResult = Record<string, unknown>;

/** One entity of a query's result that is in stage shadow or replay. */
export interface FoundAlias {
  readonly mapping: EntityMapping;
  /** Name in the raw result by column name. */
  readonly names: ReadonlyMap<string, string>;
  readonly identity: RowIdentity;
  /** The share of the streams that is replayed; the others are compared. */
  readonly percent: number;
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
    private readonly onMissingStream: (mapping: EntityMapping, streamId: string) => void,
  ) {}

  /** What there is to do for an entity query. Asked once for each: while it runs, the stages may change. */
  find(aliases: readonly Alias[]): FoundAlias[] {
    const found: FoundAlias[] = [];
    for (const [index, alias] of aliases.entries()) {
      if (!alias.hasMetadata) continue;
      const { metadata } = alias;
      const mapping = this.mappings.ofTable(schemaOf(this.dataSource, metadata), metadata.tableName);
      if (!mapping) continue;
      const { stage, percent } = this.stages.of(mapping.category);
      if (stage !== 'shadow' && stage !== 'replay') continue;
      const names = resultColumns(alias.name, metadata, this.dataSource.driver.maxAliasLength);
      found.push({ mapping, names, identity: new RowIdentity(mapping, alias, index), percent });
    }
    return found;
  }

  /** What to add to an entity query, so that the streams of its rows are known. */
  streamIdSelects(found: readonly FoundAlias[], selects: readonly Select[]): Select[] {
    return found.flatMap(({ identity }) => identity.selects(selects));
  }

  /** Called with what an entity query returned, before entities are made of it. */
  async apply(found: readonly FoundAlias[], queryRunner: QueryRunner, rows: RawResult[]): Promise<void> {
    for (const alias of found) this.observe(alias, rows);
    const replayed = found.filter(({ percent }) => percent > 0);
    if (replayed.length > 0) await this.replay(replayed, queryRunner, rows);
    const added = found.flatMap(({ identity }) => identity.names);
    for (const name of added) rows.forEach((row) => delete row[name]);
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
    const idsOf = new Map<EntityMapping, Set<string>>();
    for (const alias of aliases) {
      const root = alias.mapping.part?.root ?? alias.mapping;
      const ids = idsOf.get(root) ?? new Set();
      idsOf.set(root, ids);
      for (const row of rows) {
        const streamId = replayedIds(alias, row)?.streamId;
        if (streamId !== undefined) ids.add(streamId);
      }
    }
    const client = (await queryRunner.connect()) as PgClient;
    const sql = executorOf(client);
    const states = new Map<EntityMapping, Map<string, AggregateState>>();
    for (const [root, ids] of idsOf) {
      if (ids.size > 0) states.set(root, await replayStreams(sql, this.schema, root, [...ids]));
    }
    const filled = new Set<EntityMapping>();
    for (const alias of aliases) {
      const found = states.get(alias.mapping.part?.root ?? alias.mapping);
      // An entity that the query has under two aliases becomes two instances, which must not share objects.
      if (found) this.fill(alias, rows, found, client, filled.has(alias.mapping));
      filled.add(alias.mapping);
    }
  }

  private fill(
    alias: FoundAlias,
    rows: RawResult[],
    states: ReadonlyMap<string, AggregateState>,
    client: PgClient,
    copy: boolean,
  ): void {
    const { mapping, names } = alias;
    const driverValues = this.driverValuesOf(mapping, client);
    const valuesOf = new Map<string, Map<string, unknown>>();
    for (const row of rows) {
      const ids = replayedIds(alias, row);
      if (!ids) continue;
      const key = mapping.part ? JSON.stringify([ids.streamId, ids.rowId]) : ids.streamId;
      let values = valuesOf.get(key);
      if (!values) {
        const state = stateOf(mapping, states.get(ids.streamId), ids.rowId);
        if (!state) {
          // Deleted a moment ago, or never captured: the row as it was found, and a word to the operator.
          this.onMissingStream(mapping, ids.streamId);
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
