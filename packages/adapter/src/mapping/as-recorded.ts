import { recordedNames, type StoredTable } from './captured-table.js';
import { seenColumn } from './seen-column.js';
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
): Pick<EntityMapping, 'renamed' | 'columns' | 'key' | 'recordedAs'> {
  const captured = stored.find(
    ({ category, part, oid }) =>
      category === mapping.category && part === (mapping.part?.path ?? '') && oid === mapping.table.oid,
  )?.captured;
  const recordedAs = recordedNames(mapping, captured);
  const names = [...recordedAs].map(([property, recorded]) => [recorded, property] as const);
  // What another column is called in events, such as one that was dropped, is nothing of the one that has its name today.
  const others = (captured?.columns ?? [])
    .filter(({ property, number }) =>
      mapping.columns.some((column) => column.property === property && column.number !== number),
    )
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
  const former = Object.fromEntries([...others, ...names]) as Record<string, string>;
  return { columns, key, recordedAs, renamed: { ...mapping.renamed, ...former } };
}
