import type { DataSource, EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { EntityMapping, PartMapping } from '../mapping/index.js';
import { type AggregateRow, type AggregateRows, partInWords } from './aggregate-row.js';
import { columnName } from '../entities/index.js';
import type { HydratedRows } from '../reads/index.js';
import { keyForm } from './key-form.js';
import { persistedValues } from './persisted-values.js';
import { refusedChange } from './refused-change.js';
import { requireOwnRelations } from './require-own-relations.js';
import { requireOwner } from './require-owner.js';

interface Known {
  readonly id: string;
  readonly parent: string;
}

/**
 * Looks at the instances of an aggregate again and again while they change, and tells which rows they are: by the instance, or by the key where evolve puts
 * another instance in place of one.
 */
export class RowsOfAggregate {
  private readonly byInstance = new Map<object, Known>();
  private readonly byKey = new Map<string, Known>();
  private readonly names = new WeakMap<object, string>();
  private readonly metadata: EntityMetadata;
  private readonly rootId: string | undefined;
  private next = 1;

  constructor(
    private readonly dataSource: DataSource,
    private readonly mapping: EntityMapping,
    hydrated: { readonly rows: HydratedRows } | { readonly metadata: EntityMetadata },
  ) {
    const root = 'rows' in hydrated ? hydrated.rows.get(mapping)?.[0] : undefined;
    this.metadata = 'metadata' in hydrated ? hydrated.metadata : (root?.metadata as EntityMetadata);
    this.rootId = root?.id;
    if (!('rows' in hydrated) || !root) return;
    const ids = new Map(
      [...hydrated.rows].flatMap(([, rows]) => rows.map(({ entity, id }) => [entity, id] as const)),
    );
    this.walk(root.entity, (part, relation, parent, child) => {
      const known = { id: ids.get(child) ?? '', parent: parent.place };
      this.byInstance.set(child, known);
      const key = this.keyOf(part, relation, parent, child);
      if (key !== undefined) this.byKey.set(key, known);
      return known;
    });
  }

  /** @throws BackstoryError COMMAND_REFUSED for rows that are where they can't be */
  of(entity: object): AggregateRows {
    return this.walk(entity, (part, relation, parent, child) => this.knownRow(part, relation, parent, child));
  }

  private walk(
    entity: object,
    identify: (
      part: PartMapping,
      relation: RelationMetadata,
      parent: AggregateRow,
      child: object,
    ) => Known | undefined,
  ): AggregateRows {
    const { dataSource, mapping, metadata } = this;
    const root: AggregateRow = {
      mapping,
      metadata,
      entity,
      place: '',
      id: this.rootId,
      parent: undefined,
      values: persistedValues(dataSource, metadata, entity),
      isJoin: false,
    };
    const rows = new Map([['', root]]);
    const ofTables = new Map<EntityMapping, AggregateRow[]>([[mapping, [root]]]);
    for (const part of mapping.parts) {
      const found: AggregateRow[] = [];
      for (const parent of ofTables.get(part.part.parent) ?? []) {
        const relation = relationTo(part, parent.metadata);
        if (!relation) continue;
        for (const child of childrenOf(part, relation, parent)) {
          const known = identify(part, relation, parent, child);
          const row = this.row(part, relation, parent, child, known);
          if (rows.has(row.place))
            throw refusedChange(mapping, `has ${partInWords(row)} twice`, 'Leave one of them out.');
          rows.set(row.place, row);
          found.push(row);
        }
      }
      ofTables.set(part, found);
    }
    for (const row of rows.values()) requireOwnRelations(mapping, row);
    return rows;
  }

  private row(
    part: PartMapping,
    relation: RelationMetadata,
    parent: AggregateRow,
    entity: object,
    known: Known | undefined,
  ): AggregateRow {
    const metadata = concrete(relation.inverseEntityMetadata, entity);
    const id = known?.id;
    const place = `${part.part.path}\0${id ?? this.nameOf(part, relation, parent, entity)}`;
    const values = new Map(persistedValues(this.dataSource, metadata, entity));
    const row = { mapping: part, metadata, entity, place, id, parent, values, isJoin: relation.isManyToMany };
    if (row.isJoin) return row;
    requireOwner(this.mapping, row);
    for (const column of metadata.columns) {
      if (part.part.columns.includes(columnName(column)) || (known && column.isPrimary))
        values.delete(column);
    }
    return row;
  }

  /** @throws BackstoryError COMMAND_REFUSED for one that has gone to another parent, or has another key */
  private knownRow(
    part: PartMapping,
    relation: RelationMetadata,
    parent: AggregateRow,
    child: object,
  ): Known | undefined {
    const same = this.byInstance.get(child);
    const key = this.keyOf(part, relation, parent, child);
    const known = key === undefined ? undefined : this.byKey.get(key);
    const found = same ?? known;
    if (!found) return undefined;
    const name = `"${part.part.path}[${found.id}]"`;
    if (found.parent !== parent.place)
      throw refusedChange(
        this.mapping,
        `takes ${name} to another parent`,
        'A part stays where it is: take it away, and add another one.',
      );
    if (same && known !== same)
      throw refusedChange(
        this.mapping,
        `changes the key of ${name}`,
        'A key stays: take the part away, and add another one.',
      );
    return found;
  }

  /** A name for one that isn't there yet: the same as long as it is the same instance, or has the same key. */
  private nameOf(part: PartMapping, relation: RelationMetadata, parent: AggregateRow, child: object): string {
    const key = this.keyOf(part, relation, parent, child);
    if (key !== undefined) return `new ${key}`;
    const name = this.names.get(child) ?? `new ${this.next++}`;
    this.names.set(child, name);
    return name;
  }

  /** What tells a part from others of its table; undefined where the database has yet to say it. */
  private keyOf(
    { part }: PartMapping,
    relation: RelationMetadata,
    parent: AggregateRow,
    child: object,
  ): string | undefined {
    const isOfParent = (name: string): boolean => part.columns.includes(name);
    const { primaryColumns } = concrete(relation.inverseEntityMetadata, child);
    const own = relation.isManyToMany
      ? primaryColumns
      : primaryColumns.filter((column) => !isOfParent(columnName(column)));
    const values = own.map((column) => column.getEntityValue(child) as unknown);
    if (values.some((value) => value === undefined || value === null)) return undefined;
    const within = relation.isManyToMany || own.length < primaryColumns.length ? parent.place : '';
    return JSON.stringify([part.path, within, ...values.map(keyForm)]);
  }
}

function relationTo({ part }: PartMapping, metadata: EntityMetadata): RelationMetadata | undefined {
  const path = part.parent.part ? part.path.slice(part.parent.part.path.length + 1) : part.path;
  const relation = metadata.relations.find(({ propertyPath }) => propertyPath === path);
  if (!relation?.isLazy) return relation;
  throw refusedChange(
    part.root,
    `can't see "${part.path}", which is loaded when somebody awaits it`,
    'Declare the relation without "lazy" and without a promise.',
  );
}

function childrenOf(part: PartMapping, relation: RelationMetadata, parent: AggregateRow): object[] {
  const value: unknown = relation.getEntityValue(parent.entity);
  const isOne = relation.isOneToOne;
  if (value === undefined && parent.id === undefined) return [];
  if (isOne && value === null) return [];
  const children = isOne ? [value] : value;
  if (Array.isArray(children) && children.every((each) => typeof each === 'object' && each !== null))
    return children as object[];
  throw refusedChange(
    part.part.root,
    `leaves "${part.part.path}" without ${isOne ? 'an entity' : 'an array of entities'}`,
    isOne ? 'Give the entity, or null for none.' : 'Give an array, with no entity for none.',
  );
}

function concrete(metadata: EntityMetadata, entity: object): EntityMetadata {
  return metadata.childEntityMetadatas.find(({ target }) => target === entity.constructor) ?? metadata;
}
