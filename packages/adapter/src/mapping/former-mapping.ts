import { defaultEventTypes } from '../event/index.js';
import type { CapturedTable, StoredTable } from './captured-table.js';
import type { ColumnMapping, EntityMapping, PartMapping } from './entity-mapping.js';
import { personsOf } from './persons-of.js';

/**
 * An aggregate by what was captured of it, where its table is gone, or can't be captured any more: enough to read its events, and to
 * erase values of them. Its rows can't be looked at. Undefined where an older version has installed it.
 */
export function formerMapping(tables: readonly StoredTable[]): EntityMapping | undefined {
  const own = tables.find(({ part }) => part === '');
  if (!own?.captured) return undefined;
  const parts: PartMapping[] = [];
  const root: EntityMapping = { ...formerTable(own, own.captured), parts };
  const owned = tables.filter(({ part }) => part !== '');
  for (const stored of owned.sort((a, b) => a.part.split('.').length - b.part.split('.').length)) {
    const ownership = stored.captured?.part;
    if (!stored.captured || !ownership) continue;
    const mapping = formerTable(stored, stored.captured);
    const parent = parts.find(({ part }) => part.path === ownership.parentPath) ?? root;
    const columns = columnsOf(mapping, ownership.columns);
    const referenced = columnsOf(parent, ownership.referenced);
    parts.push({
      ...mapping,
      part: { path: stored.part, root, parent, columns, referenced, mayComeFirst: true },
    });
  }
  return root;
}

function formerTable(stored: StoredTable, captured: CapturedTable): EntityMapping {
  const columns = captured.columns.map(({ number, property, column, type, formerTypes }): ColumnMapping => {
    const text = { kind: 'text', typeOid: 25, outputFunction: 'pg_catalog.textout' } as const;
    const types = { sqlType: type, typeName: type, declaredType: type, formerTypes };
    return { number, property, column, ...text, ...types, generated: false, exactEquality: true };
  });
  const { knownAs, renamedTypes, schemaVersion, foldsInSql, renamed, defaults, excluded } = captured;
  return {
    category: stored.category,
    knownAs,
    parts: [],
    entity: stored.entity,
    table: { schema: stored.schema, name: stored.name, oid: 0 },
    gone: true,
    partitions: [],
    indexed: [],
    reentrant: false,
    key: columns.filter(({ property }) => captured.key.includes(property)),
    columns,
    missing: [],
    entityColumns: columns.map(({ column }) => column),
    excluded,
    included: [],
    withheld: [],
    renamed,
    defaults,
    eventTypes: { ...defaultEventTypes(stored.entity), ...captured.eventTypes },
    rules: [],
    bookkeeping: captured.bookkeeping,
    readByItself: captured.readByItself,
    initialStage: 'capture',
    ...personsOf(stored),
    renamedTypes,
    schemaVersion,
    foldsInSql,
    snapshotEvery: 0,
    upcasters: {},
  };
}

function columnsOf(mapping: EntityMapping, properties: readonly string[]): string[] {
  return mapping.columns.flatMap(({ property, column }) => (properties.includes(property) ? [column] : []));
}
