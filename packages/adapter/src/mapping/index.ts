export {
  aggregate,
  type AggregateOptions,
  type AggregateSelection,
  type EntityTarget,
} from './aggregate-options.js';
export { storeAggregates, storedAggregates } from './aggregate-store.js';
export { DriverValues, type TypeParsers } from './driver-values.js';
export { canonicalRowSql, canonicalStateSql } from './canonical-state-sql.js';
export { aggregateStateSql, descendantsSql } from './aggregate-state-sql.js';
export type { ColumnMapping, EntityMapping, PartMapping } from './entity-mapping.js';
export { rootKeyColumns, rootKeySql, type RowSource, tableOf } from './ownership-sql.js';
export { isReadableKey, keyText } from './key-text.js';
export { knownTables } from './known-tables.js';
export { mappingName } from './mapping-name.js';
export { MappingRegistry } from './mapping-registry.js';
export { rowIdSql, streamIdSql } from './row-identity-sql.js';
export { isDistinctSql, patchSql, pinnedSettingsOf, stateOfRowsSql, stateSql } from './row-sql.js';
export { rowsOfStreamsSql } from './rows-of-streams-sql.js';
export { hasExactEquality, valueKind } from './value-kind.js';
export { schemaVersionSql } from './schema-version-sql.js';
export type { ResolvedCondition, ResolvedRule } from './resolved-rule.js';
export { settledState, settledStateSql } from './settled-state.js';
