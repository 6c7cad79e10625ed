import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, rowIdSql } from '../mapping/index.js';
import type { AggregateRow } from './aggregate-row.js';
import { columnName, partOfEntity } from '../entities/index.js';

/** A row that was inserted: its id among those of its table, and what rows beneath it refer to it by, as texts. */
export interface InsertedRow {
  readonly id: string;
  readonly key: ReadonlyMap<string, string>;
}

/** What is to be inserted. */
export interface NewRow {
  readonly row: Pick<AggregateRow, 'mapping' | 'metadata' | 'entity' | 'isJoin'>;
  readonly columns: readonly ColumnMetadata[];
  /** Columns that rows beneath it refer to. */
  readonly referenced: readonly string[];
  /** Of what it is part of: the texts of the columns that it refers to. */
  readonly owner?: ReadonlyMap<string, string> | undefined;
}

/**
 * Inserts a row with what an entity has in some columns, in one statement, as TypeORM's insert builder does: the rest has the defaults of entity and
 * table. Listeners and subscribers aren't called. `schema` is Backstory's.
 * @returns undefined where a trigger has kept the row from being inserted
 */
export async function insertRow(
  manager: EntityManager,
  schema: string,
  { row, columns, referenced, owner }: NewRow,
): Promise<InsertedRow | undefined> {
  const { mapping, metadata, entity, isJoin } = row;
  const into = isJoin ? junctionOf(manager, mapping) : metadata;
  const table = quoteIdentifier(mapping.table.name);
  const keys = referenced.map((name, index) => {
    const kind = mapping.columns.find(({ column }) => column === name)?.kind ?? '';
    return `${quoteIdentifier(schema)}.value_in_events(${table}.${quoteIdentifier(name)}, ${quoteLiteral(kind)}) #>> '{}' as key_${index}`;
  });
  const result = await manager
    .createQueryBuilder()
    .insert()
    .into(isJoin ? into.tablePath : into.target, insertedColumns(into, columns))
    .values({
      ...partOfEntity(entity, columns),
      ...(owner && ownedBy(mapping, into, owner, isJoin ? entity : undefined)),
    })
    .returning([`${rowIdSql(mapping, table)} as row_id`, ...keys].join(', '))
    .updateEntity(false)
    .callListeners(false)
    .execute();
  const [found] = result.raw as Record<string, string>[];
  if (!found) return undefined;
  const key = new Map(referenced.map((name, index) => [name, found[`key_${index}`] ?? '']));
  return { id: found['row_id'] ?? '', key };
}

/** TypeORM leaves out a serial key, also where it has a value, unless it is asked for by name. */
function insertedColumns(metadata: EntityMetadata, columns: readonly ColumnMetadata[]): string[] | undefined {
  const isSerial = ({ isGenerated, generationStrategy }: ColumnMetadata): boolean =>
    isGenerated && generationStrategy === 'increment';
  if (!columns.some(isSerial)) return undefined;
  return metadata.columns
    .filter((column) => column.isInsert && (!isSerial(column) || columns.includes(column)))
    .map(({ propertyPath }) => propertyPath);
}

/** The metadata of the join table that is a part. */
export function junctionOf({ connection }: EntityManager, { entity }: EntityMapping): EntityMetadata {
  return connection.entityMetadatas.find(
    ({ name, tableType }) => name === entity && tableType === 'junction',
  ) as EntityMetadata;
}

/** The foreign key to the owner, and in a join table that to the entity behind it. */
function ownedBy(
  { part }: EntityMapping,
  metadata: EntityMetadata,
  owner: ReadonlyMap<string, string>,
  joined: object | undefined,
): ObjectLiteral {
  const values: Record<string, object> = {};
  for (const column of metadata.columns) {
    const at = part?.columns.indexOf(columnName(column)) ?? -1;
    const { referencedColumn, relationMetadata, propertyName } = column;
    if (at < 0) {
      if (joined && referencedColumn) values[propertyName] = joined;
      continue;
    }
    const text = owner.get(part?.referenced[at] ?? '') ?? '';
    // a relation goes before a column of its own; that of a join table is no property of its rows
    const name = joined ? propertyName : (relationMetadata?.propertyName ?? propertyName);
    const parent = (values[name] ??= {});
    referencedColumn?.setEntityValue(parent, () => quoteLiteral(text));
  }
  return values;
}
