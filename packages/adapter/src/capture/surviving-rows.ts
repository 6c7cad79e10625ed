import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import type { ColumnMapping, EntityMapping, PartMapping } from '../mapping/index.js';

/**
 * The rows of `relation`, which has the columns of the mapping's table, as a query that can still be planned after a
 * migration has dropped or renamed some of them (see docs/adr/0009). A name that stands alone is looked for in the
 * innermost query first: where the table has the column, that is what is found, and the planner forgets the rest. Where it
 * hasn't, the name is found one query further out, where it stands for the value under the column's number: NULL when it
 * was dropped, and the value under its new name when it was renamed.
 */
export function survivingRows(mapping: EntityMapping, schema: string, relation: string): string {
  const names = mapping.columns.map(({ column }) => quoteIdentifier(column)).join(', ');
  const moved = mapping.columns.map(
    (column) => `${movedSql(mapping, schema, column)} as ${quoteIdentifier(column.column)}`,
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

/** An enum may be dropped along with its column, so it is not named: its text serves for everything but a key. */
function movedSql(mapping: EntityMapping, schema: string, column: ColumnMapping): string {
  const isKey = mapping.key.includes(column);
  const value = `${quoteIdentifier(schema)}.moved_column(row_to_json("$r".*), ${quoteLiteral(mapping.category)}, ${quoteLiteral(mapping.part?.path ?? '')}, ${column.number}::smallint, ${isKey})`;
  return column.enumerated && !isKey ? value : `${value}::${column.sqlType}`;
}
