import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** A foreign key without a property of its own stands under the relation and the key that it refers to: `customer.id`. */
export function propertyOf(column: ColumnMetadata): string {
  const { relationMetadata, referencedColumn, isVirtual, entityMetadata } = column;
  if (isVirtual && relationMetadata && referencedColumn && entityMetadata.tableType !== 'junction') {
    return `${relationMetadata.propertyPath}.${referencedColumn.propertyPath}`;
  }
  return column.propertyPath;
}
