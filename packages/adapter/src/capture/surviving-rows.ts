import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import type { ColumnMapping, EntityMapping, PartMapping } from '../mapping/index.js';

/** SQL for a row behind `"$r"` as text, and for the oid of the table whose form that has; null for the bound one. */
interface RowForm {
  readonly row: string;
  readonly table: string;
}

const ofBoundTable: RowForm = { row: '("$r".*)::text', table: 'null' };

/**
 * The rows of `relation`, which has the columns of the mapping's table, as a query that can still be planned after a
 * migration has dropped or renamed some of them (see docs/adr/0009). A name that stands alone is looked for in the
 * innermost query first: where the table has the column, that is what is found, and the planner forgets the rest. Where it
 * hasn't, the name is found one query further out, where it stands for the value under the column's number: NULL when it
 * was dropped, and the value under its new name when it was renamed.
 */
export function survivingRows(
  mapping: EntityMapping,
  schema: string,
  relation: string,
  form = ofBoundTable,
): string {
  const names = mapping.columns.map(({ column }) => quoteIdentifier(column)).join(', ');
  const moved = mapping.columns.map(
    (column) => `${movedSql(mapping, schema, column, form)} as ${quoteIdentifier(column.column)}`,
  );
  return (
    `(select "$v".* from ${relation} "$r" cross join lateral (select ${moved.join(', ')}) "$m" ` +
    `cross join lateral (select ${names} from (select "$r".*) "$x") "$v")`
  );
}

/** An aggregate whose tables are read in this way. */
export function survivingAggregate(root: EntityMapping, schema: string): EntityMapping {
  const parts: PartMapping[] = [];
  const survivor: EntityMapping = { ...root, parts, source: survivingTable(root, schema) };
  for (const mapping of root.parts) {
    const parent = parts.find(({ part }) => part.path === mapping.part.parent.part?.path) ?? survivor;
    parts.push({
      ...mapping,
      source: survivingTable(mapping, schema),
      part: { ...mapping.part, root: survivor, parent },
    });
  }
  return survivor;
}

function survivingTable(mapping: EntityMapping, schema: string): string {
  return survivingRows(mapping, schema, quoteTable(mapping.table));
}

function movedSql(
  mapping: EntityMapping,
  schema: string,
  column: ColumnMapping,
  { row, table }: RowForm,
): string {
  const isKey = mapping.key.includes(column);
  const value = `${quoteIdentifier(schema)}.moved_column(${row}, ${table}, ${quoteLiteral(mapping.category)}, ${quoteLiteral(mapping.part?.path ?? '')}, ${column.number}::smallint, ${isKey})`;
  const type = isKey ? column.sqlType : lastingType(column);
  return type === undefined ? value : `${value}::${type}`;
}

/**
 * A type that is nobody's but PostgreSQL's own can't be dropped along with its column, so it may be named. For others their
 * text serves, and for domains what is beneath them.
 */
function lastingType({ sqlType, kind, typeName }: ColumnMapping): string | undefined {
  if (sqlType.startsWith('pg_catalog.')) return sqlType;
  return kind === 'text' || kind === 'string' ? undefined : `pg_catalog.${quoteIdentifier(typeName)}`;
}
