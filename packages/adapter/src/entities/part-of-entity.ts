import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** What of an entity is in these columns, with embedded entities as objects. */
export function partOfEntity(entity: object, columns: readonly ColumnMetadata[]): Record<string, unknown> {
  const part: Record<string, unknown> = {};
  for (const column of columns) {
    const { relationMetadata, isVirtual } = column;
    const [path, value] =
      isVirtual && relationMetadata
        ? [relationMetadata.propertyPath, relationMetadata.getEntityValue(entity) as unknown]
        : [column.propertyPath, column.getEntityValue(entity) as unknown];
    const names = path.split('.');
    const last = names.pop() as string;
    let at = part;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return part;
}
