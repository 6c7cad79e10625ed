import type { CapturedTable, EntityMapping } from '../mapping/index.js';

/** The columns that were captured of a table, in one that has taken its place: found by their names, for all have new numbers. */
export function columnsOfNewTable(
  { columns }: CapturedTable,
  { columns: ofToday }: EntityMapping,
): CapturedTable['columns'] {
  return columns.map((column) => ({
    ...column,
    number: ofToday.find(({ column: name }) => name === column.column)?.number ?? 0,
  }));
}
