import type { DataSource, EntityMetadata } from 'typeorm';
import { quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { defaultCategory, defaultEventTypes } from '../event/index.js';
import {
  type AggregateSelection,
  type CatalogTable,
  type ColumnMapping,
  columnMapping,
  type EntityMapping,
  type NamedTable,
  type PartMapping,
  readCatalog,
  type StoredTable,
  validCategory,
} from '../mapping/index.js';
import { captureFailurePolicy } from './capture-failure-policy.js';
import { columnName } from './column-name.js';
import { absentColumn, missingColumn } from './missing-column.js';
import { type Evolution, evolutionOf } from './evolution.js';
import { personalData } from './personal-data.js';
import { refuseHalfKeys } from './refuse-half-keys.js';
import { requirePersonalProperties } from './require-personal-properties.js';
import { bookkeepingOf, resolveRules } from './resolve-rules.js';
import { propertyOf } from './property-of.js';
import { requireOneForm } from './require-one-form.js';
import { requireUniqueKey } from './require-unique-key.js';
import { type SelectedEntity, selectEntities } from './select-entities.js';
import { tableOf } from './table-of.js';
import { withheldProperties } from './withheld-properties.js';

/** The chosen entities that can be captured, and of each that can't why not. */
export interface MappedEntities {
  readonly mappings: readonly EntityMapping[];
  readonly problems: readonly BackstoryError[];
  /** Tables that these entities name and that aren't there. */
  readonly absent: readonly NamedTable[];
}

/** What keeps an entity from being captured, as opposed to options that can't be meant. */
const problemCodes = ['MISSING_TABLE', 'NOT_CAPTURABLE', 'NO_PRIMARY_KEY'] as const;

/**
 * Describes each chosen entity's table: names from TypeORM's metadata, types from PostgreSQL's catalogue. Columns that the
 * entity has and the table hasn't are noted with the mapping. `readStored` gives what was captured before.
 * @throws BackstoryError for options that can't be meant
 */
export async function mapEntities(
  dataSource: DataSource,
  sql: SqlExecutor,
  selection: AggregateSelection,
  readStored: () => Promise<readonly StoredTable[]> = () => Promise.resolve([]),
): Promise<MappedEntities> {
  const selected = selectEntities(dataSource, selection);
  const catalog = new Map(
    (
      await readCatalog(
        sql,
        selected
          .flatMap(({ metadata, parts }) => [metadata, ...parts.map((part) => part.metadata)])
          .map((metadata) => tableOf(dataSource, metadata)),
      )
    ).map((table) => [quoteTable(table), table]),
  );
  const mappings = new Map<string, EntityMapping>();
  const problems: BackstoryError[] = [];
  const absent: NamedTable[] = [];
  const tables = new Set<string>();
  for (const entity of selected) {
    const path = pathOf(dataSource, entity.metadata);
    // Two entity classes may share a table; its rows are captured once.
    if (tables.has(path)) continue;
    tables.add(path);
    const knownAs = validCategory(entity.options.category ?? defaultCategory(entity.metadata.name));
    const category = validCategory(entity.options.storedAs ?? knownAs);
    const mapping = attempt(() => mappingOf(dataSource, { category, knownAs }, entity, catalog));
    if (BackstoryError.is(mapping)) {
      problems.push(mapping);
      absent.push(...absentTables(dataSource, category, entity, catalog));
      continue;
    }
    for (const name of new Set([category, knownAs])) {
      const other = mappings.get(name);
      if (other) {
        throw new BackstoryError(
          'DUPLICATE_CATEGORY',
          `The entities "${other.entity}" and "${mapping.entity}" both have the category "${name}".`,
          'Give one of them another with the option "category".',
        );
      }
      mappings.set(name, mapping);
    }
  }
  const roots = [...new Set(mappings.values())];
  await requirePersonalProperties(roots, readStored);
  refuseHalfKeys(roots);
  return { mappings: roots, problems, absent };
}

function absentTables(
  dataSource: DataSource,
  category: string,
  { metadata, parts }: SelectedEntity,
  catalog: ReadonlyMap<string, CatalogTable>,
): NamedTable[] {
  return [{ path: '', metadata }, ...parts].flatMap(({ path, metadata: named }) => {
    const table = tableOf(dataSource, named);
    return catalog.has(quoteTable(table)) ? [] : [{ category, part: path, entity: named.name, ...table }];
  });
}

function attempt(map: () => EntityMapping): EntityMapping | BackstoryError {
  try {
    return map();
  } catch (error) {
    if (problemCodes.some((code) => BackstoryError.is(error, code))) return error as BackstoryError;
    throw error;
  }
}

function pathOf(dataSource: DataSource, metadata: EntityMetadata): string {
  return quoteTable(tableOf(dataSource, metadata));
}

type CategoryNames = Pick<EntityMapping, 'category' | 'knownAs'>;

function mappingOf(
  dataSource: DataSource,
  names: CategoryNames,
  { metadata, options, parts }: SelectedEntity,
  catalog: ReadonlyMap<string, CatalogTable>,
): EntityMapping {
  const owned: PartMapping[] = [];
  const root: EntityMapping = {
    ...tableMapping(dataSource, names, metadata, options, catalog),
    ...evolutionOf(metadata.name, options),
    ...captureFailurePolicy(metadata.name, options),
    parts: owned,
  };
  for (const { path, parentPath, columns, referenced, ...entity } of parts) {
    const mapping = tableMapping(dataSource, names, entity.metadata, entity.options, catalog);
    requireForeignKey(mapping, path, columns);
    const parent = owned.find((other) => other.part.path === parentPath) ?? root;
    const { immediateKeys } = catalog.get(pathOf(dataSource, entity.metadata)) as CatalogTable;
    const isImmediate = immediateKeys.some((key) => columns.every((column) => key.includes(column)));
    const part = { path, root, parent, columns, referenced, mayComeFirst: !isImmediate };
    const owning = {
      ...mapping,
      ...evolutionOf(metadata.name, options),
      // row by row, before the foreign keys' actions: what is beneath a deleted row is still there to be seen
      reentrant: mapping.reentrant || parts.some((other) => other.parentPath === path),
      part,
    };
    requireOneForm(owning);
    owned.push(owning);
  }
  return root;
}

function requireForeignKey(
  { entity, table, columns, missing }: Pick<EntityMapping, 'entity' | 'table' | 'columns' | 'missing'>,
  path: string,
  names: readonly string[],
): void {
  if (names.every((name) => columns.some(({ column }) => column === name))) return;
  const gone = missing.find(({ column }) => names.includes(column));
  if (gone) throw missingColumn({ entity, table }, gone);
  throw new InvalidOptionsError(
    `"${entity}" excludes ${names.join(', ')}, the foreign key that makes it "${path}" of its aggregate.`,
    'Leave that captured.',
  );
}

function tableMapping(
  dataSource: DataSource,
  names: CategoryNames,
  metadata: EntityMetadata,
  options: SelectedEntity['options'],
  catalog: ReadonlyMap<string, CatalogTable>,
): Omit<EntityMapping, keyof Evolution> {
  const { name } = metadata;
  const path = pathOf(dataSource, metadata);
  const table = catalog.get(path);
  if (!table) {
    throw new BackstoryError(
      'MISSING_TABLE',
      `The table ${path} of entity "${name}" isn't there.`,
      `Run the application's own migrations (or synchronize) first, or leave the entity out with exclude: ['${name}'].`,
    );
  }
  if (table.kind !== 'r' && table.kind !== 'p') {
    throw new BackstoryError(
      'NOT_CAPTURABLE',
      `${path} of entity "${name}" is not a table (a view or a foreign table): it has no rows of its own to capture.`,
      `Leave it out with exclude: ['${name}'].`,
    );
  }
  requireUniqueKey(metadata, path, table);
  const withheld = withheldProperties(metadata, options, table);
  const { columns, missing } = mappedColumns(metadata, [...(options.exclude ?? []), ...withheld], table);
  const said = [...columns, ...missing];
  const deleteDate = metadata.deleteDateColumn && columnName(metadata.deleteDateColumn);
  const deletedAt = columns.find(({ column }) => column === deleteDate);
  return {
    ...names,
    parts: [],
    entity: name,
    table: { schema: table.schema, name: table.name, oid: table.oid },
    partitions: table.partitions,
    indexed: table.indexed,
    readByItself: metadata.tableType !== 'junction' && metadata.tableType !== 'closure-junction',
    reentrant: table.reentrant,
    key: metadata.primaryColumns.map(
      (key) => columns.find(({ column }) => column === columnName(key)) as ColumnMapping,
    ),
    columns,
    missing,
    entityColumns: metadata.columns.map(columnName),
    excluded: options.exclude ?? [],
    included: options.include ?? [],
    withheld,
    ...schemaChanges(metadata, said, options),
    ...(deletedAt && { deletedAt }),
    eventTypes: { ...defaultEventTypes(name), ...options.types },
    rules: options.storedRules ?? resolveRules(dataSource, metadata, said, options.events ?? []),
    bookkeeping: bookkeepingOf(metadata),
    initialStage: options.stage ?? 'capture',
    ...(options.movedFrom !== undefined && { movedFrom: options.movedFrom }),
    ...personalData(metadata, said, options),
  };
}

/** @throws InvalidOptionsError where a name isn't of today, or a former name still is */
function schemaChanges(
  { name }: EntityMetadata,
  columns: readonly ColumnMapping[],
  { renamed = {}, defaults = {} }: SelectedEntity['options'],
): Pick<EntityMapping, 'renamed' | 'defaults'> {
  const known = columns.map(({ property }) => property);
  for (const property of [...Object.values(renamed), ...Object.keys(defaults)]) {
    if (known.includes(property)) continue;
    throw new InvalidOptionsError(
      `"${name}" has no property "${property}", which "renamed" or "defaults" names.`,
      `Use property paths: ${known.join(', ')}.`,
    );
  }
  const still = Object.keys(renamed).find((former) => known.includes(former));
  if (still === undefined) return { renamed, defaults };
  throw new InvalidOptionsError(
    `"renamed" says that "${still}" of "${name}" has another name now, but it is still there.`,
    'Write the former name first: { former: today }.',
  );
}

function mappedColumns(
  metadata: EntityMetadata,
  exclude: readonly string[],
  table: CatalogTable,
): Pick<EntityMapping, 'columns' | 'missing'> {
  const inTable = new Map(table.columns.map((column) => [column.name, column]));
  const mapped = metadata.columns.filter((column) => !column.isVirtualProperty);
  const known = mapped.map(propertyOf);
  for (const property of exclude) {
    if (!known.includes(property)) {
      throw new InvalidOptionsError(
        `"${metadata.name}" has no property "${property}" to exclude.`,
        `Use property paths: ${known.join(', ')}.`,
      );
    }
  }
  const columns = new Map<string, ColumnMapping>();
  const missing: ColumnMapping[] = [];
  for (const column of mapped) {
    const property = propertyOf(column);
    if (!column.isPrimary && exclude.includes(property)) continue;
    const name = columnName(column);
    const found = inTable.get(name);
    if (!found) {
      const absent = absentColumn(property, name);
      if (column.isPrimary) throw missingColumn({ entity: metadata.name, table }, absent);
      missing.push(absent);
      continue;
    }
    // A virtual column is computed when it is read, and has no value in a trigger: it comes from the table in every stage.
    if (found.generated === 'v' || columns.has(found.name)) continue;
    columns.set(found.name, columnMapping(property, found));
  }
  return { columns: [...columns.values()], missing };
}
