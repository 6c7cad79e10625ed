import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { EntityDescription, RelationDescription } from '../proposal/index.js';
import { columnName } from './column-name.js';
import { requireMappings } from './require-mappings.js';
import { ownedEntities } from './owned-entities.js';
import { tableOf } from './table-of.js';

/** Every entity with a table or view of its own, and why those can't be captured that can't. Changes nothing. */
export async function describeEntities(
  dataSource: DataSource,
  sql: SqlExecutor,
): Promise<EntityDescription[]> {
  const described: EntityDescription[] = [];
  for (const metadata of dataSource.entityMetadatas) {
    if (metadata.tableType === 'entity-child' || metadata.tableType === 'junction') continue;
    const refusal = await refusalOf(() => requireMappings(dataSource, sql, { aggregates: [metadata.name] }));
    const relations: RelationDescription[] = [];
    for (const relation of relationsOf(metadata))
      relations.push(...(await describeRelation(dataSource, sql, metadata, relation)));
    described.push({
      name: metadata.name,
      table: metadata.tableName,
      properties: metadata.columns.filter(mayBeExcluded).map(({ propertyPath }) => propertyPath),
      columns: metadata.columns.map(({ databaseName }) => databaseName),
      relations,
      refersTo: relationsOf(metadata)
        .filter(({ isWithJoinColumn }) => isWithJoinColumn)
        .map(({ inverseEntityMetadata }) => rootOf(inverseEntityMetadata).name),
      ...(refusal !== undefined && { refusal }),
    });
  }
  return described;
}

/** With those of entities that share its table. */
function relationsOf(metadata: EntityMetadata): RelationMetadata[] {
  return [...new Set([metadata, ...metadata.childEntityMetadatas].flatMap(({ relations }) => relations))];
}

function rootOf(metadata: EntityMetadata): EntityMetadata {
  return metadata.tableType === 'entity-child' ? rootOf(metadata.parentEntityMetadata) : metadata;
}

function mayBeExcluded({
  isPrimary,
  isDiscriminator,
  isVersion,
  isDeleteDate,
  referencedColumn,
}: EntityMetadata['columns'][number]): boolean {
  return !isPrimary && !isDiscriminator && !isVersion && !isDeleteDate && !referencedColumn;
}

async function describeRelation(
  dataSource: DataSource,
  sql: SqlExecutor,
  root: EntityMetadata,
  relation: RelationMetadata,
): Promise<RelationDescription[]> {
  const { inverseRelation: inverse, junctionEntityMetadata, propertyPath: path } = relation;
  if (relation.isWithJoinColumn || relation.isManyToManyNotOwner) return [];
  const keys = inverse?.joinColumns ?? [];
  const owning = { aggregates: [{ entity: root.name, owns: [path] }] };
  const refusal =
    refusalNow(() => ownedEntities(root, [path])) ??
    (await refusalOf(() => requireMappings(dataSource, sql, owning)));
  const joinTable = junctionEntityMetadata?.name;
  const joinTableRefusal =
    joinTable && (await refusalOf(() => requireMappings(dataSource, sql, { aggregates: [joinTable] })));
  return [
    {
      path,
      target: rootOf(relation.inverseEntityMetadata).name,
      ...(joinTable !== undefined && { joinTable }),
      ...(joinTableRefusal !== undefined && { joinTableRefusal }),
      required:
        keys.length > 0 && keys.every(({ isNullable }) => !isNullable) && inverse?.isNullable !== true,
      deletedByDatabase: inverse?.onDelete === 'CASCADE',
      savedTogether:
        relation.isCascadeInsert || relation.isCascadeUpdate || inverse?.orphanedRowAction === 'delete',
      bornTogether: relation.isCascadeInsert || inverse?.orphanedRowAction === 'delete',
      hasStrays: await hasNulls(dataSource, sql, keys),
      ...(refusal !== undefined && { refusal }),
    },
  ];
}

/** Whether one of the columns is null somewhere, as the statistics say: the table itself may be too large to look. */
async function hasNulls(
  dataSource: DataSource,
  sql: SqlExecutor,
  columns: readonly ColumnMetadata[],
): Promise<boolean> {
  const [first] = columns;
  if (!first) return false;
  const { schema, name } = tableOf(dataSource, first.entityMetadata);
  const [found] = await sql.execute(
    `select from pg_stats where schemaname = $1 and tablename = $2 and attname = any ($3::text[]) and null_frac > 0 limit 1`,
    [schema, name, columns.map(columnName)],
  );
  return found !== undefined;
}

function refusalNow(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return inWords(error);
  }
}

async function refusalOf(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return inWords(error);
  }
}

/** The first line: what is wrong, without what to do. */
function inWords(error: unknown): string {
  if (!BackstoryError.is(error)) throw error;
  return (error.message.split('\n')[0] ?? '').replace(/\.$/, '');
}
