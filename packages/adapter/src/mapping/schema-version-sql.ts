import type { EntityMapping } from './entity-mapping.js';

/** What goes behind the last column and the last value of an insert into the events table: nothing while the version is 1. */
export function schemaVersionSql({ schemaVersion }: EntityMapping): { column: string; value: string } {
  return schemaVersion === 1
    ? { column: '', value: '' }
    : { column: ', schema_version', value: `, ${schemaVersion}::smallint` };
}
