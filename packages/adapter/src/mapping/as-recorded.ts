import { recordedNames, type StoredTable } from './captured-table.js';
import { seenColumn } from './columns-as-seen.js';
import type { ColumnMapping, EntityMapping, PartMapping } from './entity-mapping.js';

/**
 * An aggregate as this application knows it, that understands the events which all releases record: a column that another
 * release has captured first goes by that one's name in events.
 */
export function asRecorded(root: EntityMapping, stored: readonly StoredTable[]): EntityMapping {
  const parts: PartMapping[] = [];
  const recorded: EntityMapping = { ...root, ...namesOf(root, stored), parts };
  for (const mapping of root.parts) {
    const parent = parts.find(({ part }) => part.path === mapping.part.parent.part?.path) ?? recorded;
    parts.push({
      ...mapping,
      ...namesOf(mapping, stored),
      part: { ...mapping.part, root: recorded, parent },
    });
  }
  return recorded;
}

function namesOf(
  mapping: EntityMapping,
  stored: readonly StoredTable[],
): Pick<EntityMapping, 'renamed' | 'columns' | 'key'> {
  const captured = stored.find(
    ({ category, part, oid }) =>
      category === mapping.category && part === (mapping.part?.path ?? '') && oid === mapping.table.oid,
  )?.captured;
  const names = [...recordedNames(mapping, captured)].map(
    ([property, recorded]) => [recorded, property] as const,
  );
  // A name that belongs to a column which is gone means that one: its values are none of the column that has the name today.
  const others = (captured?.columns ?? [])
    .filter(({ number }) => !mapping.columns.some((column) => column.number === number))
    .filter(({ property }) => mapping.columns.some((column) => column.property === property))
    .map(({ property, number }) => [property, `${property}@${number}`] as const);
  const columns = mapping.columns.map((column) => {
    const known = captured?.columns.find(({ number }) => number === column.number);
    return known
      ? { ...column, formerTypes: seenColumn(known, column.column, column.declaredType).formerTypes }
      : column;
  });
  const key = mapping.key.map(
    ({ number }) => columns.find((column) => column.number === number) as ColumnMapping,
  );
  const former = Object.fromEntries([...names, ...others]) as Record<string, string>;
  return { columns, key, renamed: { ...mapping.renamed, ...former } };
}
