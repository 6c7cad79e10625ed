import type { CapturedTable, EntityMapping } from '../mapping/index.js';

/**
 * The columns that were captured of a table, in one that has taken its place: found by their names, for all have new numbers.
 * Of several that have had a name, one after the other, the newest is the one that is there.
 */
export function columnsOfNewTable(
  { columns }: CapturedTable,
  { columns: ofToday }: EntityMapping,
): CapturedTable['columns'] {
  return columns.map((known) => {
    const isFormer = columns.some(({ column, number }) => column === known.column && number > known.number);
    const found = isFormer ? undefined : ofToday.find(({ column }) => column === known.column);
    return { ...known, number: found?.number ?? 0 };
  });
}
