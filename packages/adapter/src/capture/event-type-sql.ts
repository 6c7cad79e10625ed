import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import {
  type ColumnMapping,
  type EntityMapping,
  isDistinctSql,
  type ResolvedCondition,
  type ResolvedRule,
} from '../mapping/index.js';

/** The type of a change as an SQL expression over the old row `o`, the new row `n` and the patch `r.patch`. */
export function eventTypeSql(mapping: EntityMapping, change: ResolvedRule['on']): string {
  const rules = mapping.rules.filter(({ on }) => on === change);
  const defaults = defaultTypeSql(mapping, change);
  if (rules.length === 0) return defaults;
  const cases = rules.map(
    ({ type, when }) => `when ${conditionSql(mapping, change, when)} then ${quoteLiteral(type)}`,
  );
  return `case ${cases.join(' ')} else ${defaults} end`;
}

function defaultTypeSql({ eventTypes, deletedAt }: EntityMapping, change: ResolvedRule['on']): string {
  if (change !== 'updated' || !deletedAt) return quoteLiteral(eventTypes[change]);
  const column = quoteIdentifier(deletedAt.column);
  return (
    `case when o.${column} is null and n.${column} is not null then ${quoteLiteral(eventTypes.softDeleted)} ` +
    `when o.${column} is not null and n.${column} is null then ${quoteLiteral(eventTypes.restored)} ` +
    `else ${quoteLiteral(eventTypes.updated)} end`
  );
}

function conditionSql(
  mapping: EntityMapping,
  change: ResolvedRule['on'],
  condition: ResolvedCondition,
): string {
  const { became = [], was = [], changed, changedOnly, anyOf, allOf = [] } = condition;
  const columnOf = (property: string): ColumnMapping =>
    mapping.columns.find((column) => column.property === property) as ColumnMapping;
  const has = (row: 'o' | 'n', property: string, value: string | null): string => {
    const { column, sqlType } = columnOf(property);
    const literal = value === null ? 'null' : `${quoteLiteral(value)}::${sqlType}`;
    return `${row}.${quoteIdentifier(column)} is not distinct from ${literal}`;
  };
  const all = [
    ...became.map(([property, value]) =>
      change === 'updated'
        ? `(${has('n', property, value)} and not ${has('o', property, value)})`
        : has(change === 'created' ? 'n' : 'o', property, value),
    ),
    ...was.map(([property, value]) => has('o', property, value)),
    ...(changed ? [either(changed.map((property) => isDistinctSql(columnOf(property), 'o', 'n')))] : []),
    ...(changedOnly ? [onlyChanged(mapping, changedOnly)] : []),
    ...(anyOf ? [either(anyOf.map((each) => conditionSql(mapping, change, each)))] : []),
    ...allOf.map((each) => conditionSql(mapping, change, each)),
  ];
  return all.length === 0 ? 'true' : `(${all.join(' and ')})`;
}

function either(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`;
}

function onlyChanged({ bookkeeping }: EntityMapping, properties: readonly string[]): string {
  const without = (names: readonly string[]): string =>
    `r.patch::jsonb - array[${names.map(quoteLiteral).join(', ')}]::text[]`;
  return `(${without([...properties, ...bookkeeping])} = '{}' and ${without(bookkeeping)} <> '{}')`;
}
