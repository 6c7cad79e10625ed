import type { DataSource, EntityMetadata } from 'typeorm';

/** Whether an entity says itself in which schema its table is, or its DataSource does, whatever the search_path is. */
export function namesSchema(dataSource: DataSource, { schema, tableName }: EntityMetadata): boolean {
  const { schema: ofAll } = dataSource.options as { schema?: string };
  return schema !== undefined || ofAll !== undefined || tableName.includes('.');
}
