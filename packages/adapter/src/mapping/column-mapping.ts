import type { CatalogColumn } from './catalog.js';
import type { ColumnMapping } from './entity-mapping.js';
import { hasExactEquality, valueKind } from './value-kind.js';

/** A column of a captured table, as PostgreSQL knows it, under the name that it has in event data. */
export function columnMapping(
  property: string,
  column: CatalogColumn,
  formerTypes: readonly string[] = [],
): ColumnMapping {
  const type = { name: column.typeName, type: column.typeKind, deterministic: column.deterministic };
  return {
    property,
    column: column.name,
    number: column.number,
    kind: valueKind(type),
    typeOid: column.typeOid,
    outputFunction: column.outputFunction,
    sqlType: column.sqlType,
    declaredType: column.declaredType,
    formerTypes,
    typeName: column.typeName,
    generated: column.generated !== '',
    exactEquality: hasExactEquality(type),
  };
}
