import { defaultEventTypes } from '../event/index.js';
import type { CapturedTable, StoredTable } from './captured-table.js';
import type { CatalogTable } from './catalog.js';
import { seenColumn } from './seen-column.js';
import { keyInSeveralForms } from './key-in-several-forms.js';
import { columnMapping } from './column-mapping.js';
import { personsOf } from './persons-of.js';
import type { ColumnMapping, EntityMapping, PartMapping } from './entity-mapping.js';
import type { ResolvedCondition } from './resolved-rule.js';

/** Why an aggregate that was captured can't be any more, in words that name the table. */
export type LostCapture = string;

/**
 * The mapping that an aggregate is captured by, from what the database keeps of it and from its tables as they are: with
 * the columns of all releases, under the names that they have in events. `tables` are its own and those of its parts.
 */
export function capturedMapping(
  tables: readonly StoredTable[],
  catalog: ReadonlyMap<number, CatalogTable>,
): EntityMapping | LostCapture {
  const [own] = tables.filter(({ part }) => part === '');
  if (!own?.captured) return 'it was installed by an older version';
  const lower = tables.find(({ beneath }) => beneath !== null);
  // its rows are that one's, too, and a table has one set of triggers
  if (lower) return `${nameOf(lower)} was put beneath ${lower.beneath}, which is captured`;
  const root = tableMapping(own, own.captured, catalog);
  if (typeof root === 'string') return root;
  const parts: PartMapping[] = [];
  const aggregate: EntityMapping = { ...root, parts };
  const paths = tables.map(({ part }) => part).filter((part) => part !== '');
  for (const path of paths.sort((a, b) => a.split('.').length - b.split('.').length)) {
    const stored = tables.find(({ part }) => part === path) as StoredTable;
    const ownership = stored.captured?.part;
    if (!stored.captured || !ownership) return `"${path}" was installed by an older version`;
    const mapping = tableMapping(stored, stored.captured, catalog);
    const above = parts.find(({ part }) => part.path === ownership.parentPath);
    // An owned table that is gone takes nothing of the aggregate along but what was beneath it.
    if (typeof mapping === 'string' || (ownership.parentPath !== '' && !above)) continue;
    const parent = above ?? aggregate;
    const columns = columnsOf(mapping, ownership.columns);
    const referenced = columnsOf(parent, ownership.referenced);
    if (!columns || !referenced)
      return `${nameOf(stored)} has lost the foreign key that makes it "${path}" of its aggregate`;
    const { immediateKeys } = catalog.get(stored.oid as number) as CatalogTable;
    const isImmediate = immediateKeys.some((key) => columns.every((column) => key.includes(column)));
    const part = { path, root: aggregate, parent, columns, referenced, mayComeFirst: !isImmediate };
    const owned = {
      ...mapping,
      ...evolutionOf(own.captured),
      // row by row, before the foreign keys' actions: what is beneath a deleted row is still there to be seen
      reentrant: mapping.reentrant || tables.some(({ captured }) => captured?.part?.parentPath === path),
      part,
    };
    const key = keyInSeveralForms(owned);
    if (key)
      return `${nameOf(own)} owns "${path}", and different values of its key "${key.property}" (${key.typeName}) are equal`;
    parts.push(owned);
  }
  return aggregate;
}

function tableMapping(
  stored: StoredTable,
  captured: CapturedTable,
  catalog: ReadonlyMap<number, CatalogTable>,
): EntityMapping | LostCapture {
  const table = stored.oid === null ? undefined : catalog.get(stored.oid);
  if (!table) return `${nameOf(stored)} is gone`;
  const columns = captured.columns.flatMap((known) => {
    const { number, property, excluded } = known;
    const column = table.columns.find((each) => each.number === number);
    return column && !excluded && column.generated !== 'v'
      ? [columnMapping(property, column, seenColumn(known, column.name, column.declaredType).formerTypes)]
      : [];
  });
  const key = captured.key.map((name) => columns.find(({ property }) => property === name));
  if (!key.every((column) => column !== undefined)) return `${nameOf(stored)} has lost a column of its key`;
  const deletedAt = columns.find(({ property }) => property === captured.deletedAt);
  const known = new Set(columns.map(({ property }) => property));
  return {
    category: stored.category,
    knownAs: captured.knownAs,
    parts: [],
    entity: stored.entity,
    table: { schema: table.schema, name: table.name, oid: table.oid },
    partitions: table.partitions,
    indexed: table.indexed,
    reentrant: table.reentrant,
    key,
    columns,
    missing: [],
    entityColumns: columns.map(({ column }) => column),
    excluded: captured.excluded,
    included: [],
    withheld: [],
    renamed: pick(captured.renamed, ([, property]) => known.has(property)),
    defaults: pick(captured.defaults, ([property]) => known.has(property)),
    ...(deletedAt && { deletedAt }),
    // one that an older version has stored lacks the newest names
    eventTypes: { ...defaultEventTypes(stored.entity), ...captured.eventTypes },
    rules: captured.rules.filter(({ when }) => propertiesOf(when).every((property) => known.has(property))),
    bookkeeping: captured.bookkeeping,
    readByItself: captured.readByItself,
    initialStage: 'capture',
    ...personsOf(stored),
    ...evolutionOf(captured),
  };
}

function evolutionOf({
  renamedTypes,
  schemaVersion,
  snapshotEvery,
  foldsInSql,
}: CapturedTable): Pick<
  EntityMapping,
  'renamedTypes' | 'schemaVersion' | 'snapshotEvery' | 'foldsInSql' | 'upcasters'
> {
  return { renamedTypes, schemaVersion, snapshotEvery, foldsInSql, upcasters: {} };
}

function columnsOf(mapping: EntityMapping, properties: readonly string[]): string[] | undefined {
  const found = properties.map((name) => mapping.columns.find(({ property }) => property === name));
  return found.every((column): column is ColumnMapping => column !== undefined)
    ? found.map(({ column }) => column)
    : undefined;
}

function propertiesOf(condition: ResolvedCondition): string[] {
  const { became = [], was = [], changed = [], changedOnly = [], anyOf = [], allOf = [] } = condition;
  return [
    ...[...became, ...was].map(([property]) => property),
    ...changed,
    ...changedOnly,
    ...[...anyOf, ...allOf].flatMap(propertiesOf),
  ];
}

function pick<Value>(
  values: Readonly<Record<string, Value>>,
  which: (entry: [string, Value]) => boolean,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(which));
}

function nameOf({ schema, name }: StoredTable): string {
  return `${schema}.${name}`;
}
