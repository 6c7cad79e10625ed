export { entityName } from './entity-name.js';
export {
  type AggregateOptions,
  type AggregateSelection,
  type EntityTarget,
  type Evolvers,
  type CaptureFailurePolicy,
  type RetainOptions,
} from './aggregate-options.js';
export { readStoredTables, storedAggregates, storeTables, type TableToStore } from './aggregate-store.js';
export { asRecorded } from './as-recorded.js';
export { capturedMapping } from './captured-mapping.js';
export { type CapturedTable, type StoredTable } from './captured-table.js';
export { formerMapping } from './former-mapping.js';
export { columnsAsSeen } from './columns-as-seen.js';
export { mergeRelease, withRemadeColumns } from './merge-release.js';
export { releaseFingerprint } from './release-fingerprint.js';
export { type CatalogTable, readCatalog, readCatalogOf } from './catalog.js';
export { columnMapping } from './column-mapping.js';
export { DriverValues, type TypeParsers } from './driver-values.js';
export { canonicalRowSql, canonicalStateSql } from './canonical-state-sql.js';
export { aggregateStateSql, descendantsSql } from './aggregate-state-sql.js';
export type { ColumnMapping, EntityMapping, PartMapping } from './entity-mapping.js';
export { rootKeyColumns, rootKeySql, type RowSource, tableOf } from './ownership-sql.js';
export { isHidden } from './hidden-property.js';
export { isReadableKey, keyText } from './key-text.js';
export { knownTables } from './known-tables.js';
export { keyInSeveralForms } from './key-in-several-forms.js';
export { type MappingName, mappingName } from './mapping-name.js';
export { mappingOfEvent, rememberMapping } from './mapping-of-event.js';
export { MappingRegistry } from './mapping-registry.js';
export { type NamedTable, namedTables } from './named-table.js';
export { partStates, rowState } from './row-state.js';
export { canonicalIdSql, rowIdSql, streamIdSql } from './row-identity-sql.js';
export { isDistinctSql, patchSql, pinnedSettingsOf, stateOfRowsSql, stateSql } from './row-sql.js';
export { rowsByIdSql, rowsOfStreamsSql } from './rows-of-streams-sql.js';
export { schemaVersionSql } from './schema-version-sql.js';
export type { ResolvedCondition, ResolvedRule } from './resolved-rule.js';
export { settledState, settledStateSql } from './settled-state.js';
export { validCategory } from './valid-category.js';
export { withheldNames } from './withheld-names.js';
