import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { type EventData, streamId } from '../event/index.js';
import {
  DriverValues,
  type EntityMapping,
  type MappingRegistry,
  type PartMapping,
  settledState,
  type TypeParsers,
} from '../mapping/index.js';
import type { AggregateState } from '../replay/index.js';
import { columnName, tableOf } from '../entities/index.js';
import { type HydratedEntity, hydrateEntity } from './hydrate-entity.js';

/** What an aggregate is hydrated with. */
export interface Hydration {
  readonly dataSource: DataSource;
  readonly mappings: MappingRegistry;
  readonly parsers: TypeParsers;
  /** The replayed states of the entities that join tables lead to. */
  readonly replay: (
    mapping: EntityMapping,
    ids: readonly string[],
  ) => Promise<ReadonlyMap<string, AggregateState>>;
}

/** A row of an aggregate as an instance: its id among the rows of its table, and its state. */
export type HydratedRow = HydratedEntity & { readonly state: EventData; readonly id: string };

/** The instances of an aggregate, by table. */
export type HydratedRows = ReadonlyMap<EntityMapping, readonly HydratedRow[]>;

type Hydrated = HydratedRow;

/**
 * The instances of some roots with everything that they own, as `find` with these relations would have loaded them: without
 * children that are soft-deleted. What a join table leads to is replayed from its own stream, for all of them at once;
 * of an entity that isn't captured only the key is known.
 * @returns one for each, in their order; null where the root isn't there
 */
export async function hydrateAggregates(
  hydration: Hydration,
  mapping: EntityMapping,
  aggregates: readonly AggregateState[],
): Promise<(object | null)[]> {
  const rows = await hydratedRows(hydration, mapping, aggregates);
  return rows.map((instances) => instances.get(mapping)?.[0]?.entity ?? null);
}

/** The same, with each of the instances: what they own is in them, too. No row of the root where it isn't there. */
export async function hydratedRows(
  hydration: Hydration,
  mapping: EntityMapping,
  aggregates: readonly AggregateState[],
): Promise<HydratedRows[]> {
  const { dataSource, parsers } = hydration;
  // Keys that lead from one to another are compared in the form of today.
  const hydrate = (of: EntityMapping, id: string, recorded: EventData): Hydrated => {
    const state = settledState(of, recorded);
    return { ...hydrateEntity(dataSource, of, parsers, state), state, id };
  };
  const all = aggregates.map(({ root, parts }) => ({
    parts,
    instances: new Map<EntityMapping, Hydrated[]>(root && [[mapping, [hydrate(mapping, '', root)]]]),
  }));
  for (const part of mapping.parts) {
    const owners = all.flatMap(({ parts, instances }) => {
      const parents = instances.get(part.part.parent) ?? [];
      const relation = relationTo(part, parents);
      const states = [...(parts.get(part.part.path) ?? [])].map(
        ([id, state]) => [id, settledState(part, state)] as const,
      );
      return relation ? [{ instances, parents, relation, states }] : [];
    });
    const joined = await joinedEntities(hydration, part, owners);
    for (const owner of owners) {
      const rows =
        joined?.(owner) ??
        owner.states
          .filter(([, state]) => !part.deletedAt || (state[part.deletedAt.property] ?? null) === null)
          .map(([id, state]) => hydrate(part, id, state));
      owner.instances.set(part, attach(part, owner.relation, owner.parents, rows));
    }
  }
  return all.map(({ instances }) => instances);
}

function relationTo({ part }: PartMapping, parents: readonly Hydrated[]): RelationMetadata | undefined {
  const path = part.parent.part ? part.path.slice(part.parent.part.path.length + 1) : part.path;
  for (const { metadata } of parents) {
    const found = metadata.relations.find(({ propertyPath }) => propertyPath === path);
    if (found) return found;
  }
  return undefined;
}

/** @returns the rows that have a parent */
function attach(
  mapping: PartMapping,
  relation: RelationMetadata,
  parents: readonly Hydrated[],
  rows: readonly Hydrated[],
): Hydrated[] {
  const { parent, columns, referenced } = mapping.part;
  const byParent = new Map<string, Hydrated[]>();
  for (const row of rows) {
    const key = valuesOf(mapping, columns, row.state);
    byParent.set(key, [...(byParent.get(key) ?? []), row]);
  }
  const attached: Hydrated[] = [];
  for (const { entity, metadata, state } of parents) {
    if (!metadata.relations.some(({ propertyPath }) => propertyPath === relation.propertyPath)) continue;
    const children = byParent.get(valuesOf(parent, referenced, state)) ?? [];
    attached.push(...children);
    const entities = children.map((child) => child.entity);
    relation.setEntityValue(entity, relation.isOneToOne ? (entities[0] ?? null) : entities);
  }
  return attached;
}

function valuesOf({ columns }: EntityMapping, names: readonly string[], state: EventData): string {
  const properties = names.map((name) => columns.find(({ column }) => column === name)?.property ?? '');
  return JSON.stringify(properties.map((property) => String(state[property])));
}

/** Rows of a part of one aggregate, and the relation that they are reached by. */
interface OwnedRows {
  readonly relation: RelationMetadata;
  readonly states: readonly (readonly [id: string, state: EventData])[];
}

/**
 * For rows of a join table: what gives, of one aggregate, for each row the entity on its other side. Undefined for other
 * parts.
 */
async function joinedEntities(
  { dataSource, mappings, parsers, replay }: Hydration,
  junction: PartMapping,
  owners: readonly OwnedRows[],
): Promise<((rows: OwnedRows) => Hydrated[]) | undefined> {
  const [any] = owners;
  if (!any?.relation.isManyToMany) return undefined;
  const target = any.relation.inverseEntityMetadata;
  const { schema, name } = tableOf(dataSource, target);
  const mapping = mappings.ofTable(schema, name);
  const joins = any.relation.isManyToManyOwner
    ? any.relation.inverseJoinColumns
    : (any.relation.inverseRelation?.joinColumns ?? []);
  const idOf = (state: EventData): string =>
    streamId(
      joins.map((join) => {
        const column = junction.columns.find((each) => each.column === columnName(join));
        return String(state[column?.property ?? '']);
      }),
    );
  const captured = mapping && !mapping.part;
  const ids = new Set(owners.flatMap(({ states }) => states.map(([, state]) => idOf(state))));
  const replayed = captured && ids.size > 0 ? await replay(mapping, [...ids]) : undefined;
  return ({ states }) =>
    states.map(([id, state]) => {
      const found = replayed?.get(idOf(state))?.root;
      if (captured && found) return { ...hydrateEntity(dataSource, mapping, parsers, found), state, id };
      return { ...onlyItsKey(dataSource, junction, parsers, target, joins, state), state, id };
    });
}

function onlyItsKey(
  dataSource: DataSource,
  junction: PartMapping,
  parsers: TypeParsers,
  metadata: EntityMetadata,
  joins: RelationMetadata['joinColumns'],
  state: EventData,
): HydratedEntity {
  const values = new DriverValues(junction, parsers).of(state);
  const entity = metadata.create(undefined, { fromDeserializer: true }) as ObjectLiteral;
  for (const join of joins) {
    const { referencedColumn } = join;
    referencedColumn?.setEntityValue(
      entity,
      dataSource.driver.prepareHydratedValue(values.get(columnName(join)), referencedColumn),
    );
  }
  return { entity, metadata };
}
