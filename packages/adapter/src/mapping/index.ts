export {
  aggregate,
  type AggregateOptions,
  type AggregateSelection,
  type EntityTarget,
} from './aggregate-options.js';
export { storeAggregates, storedAggregates } from './aggregate-store.js';
export { DriverValues, type TypeParsers } from './driver-values.js';
export type { ColumnMapping, EntityMapping } from './entity-mapping.js';
export { isReadableKey, keyText } from './key-text.js';
export { MappingRegistry } from './mapping-registry.js';
export { isDistinctSql, patchSql, pinnedSettingsOf, stateSql, streamIdSql } from './row-sql.js';
export { rowsOfStreamsSql } from './rows-of-streams-sql.js';
export { hasExactEquality, valueKind } from './value-kind.js';
export type { ResolvedCondition, ResolvedRule } from './resolved-rule.js';
export { settledStateSql } from './settled-state.js';
