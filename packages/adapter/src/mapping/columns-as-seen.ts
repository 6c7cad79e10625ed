import type { CapturedColumn, CapturedTable } from './captured-table.js';
import type { CatalogTable } from './catalog.js';
import { withRemadeColumns } from './merge-release.js';
import { seenColumn } from './seen-column.js';

/**
 * What is captured of a table, with the names and types that its columns have now, and with columns that were dropped and made
 * again under their name, as tools do that change a column by expand and contract; the same object where nothing is new.
 */
export function columnsAsSeen(captured: CapturedTable, table: CatalogTable): CapturedTable {
  const remade = remadeColumns(captured, table);
  const seen = withTodaysNames(captured, table);
  return remade.length > 0 ? withRemadeColumns(seen, { columns: remade }) : seen;
}

function remadeColumns(
  { columns }: CapturedTable,
  table: CatalogTable,
): { number: number; column: string; property: string; declaredType: string }[] {
  const known = new Set(columns.map(({ number }) => number));
  const there = new Set(table.columns.map(({ number }) => number));
  const gone = columns.filter(({ number, excluded }) => !excluded && !there.has(number));
  return table.columns
    .filter(({ number, generated }) => !known.has(number) && generated !== 'v')
    .flatMap(({ number, name, declaredType }) => {
      const former = gone.findLast(({ column }) => column === name);
      return former ? [{ number, column: name, property: former.property, declaredType }] : [];
    });
}

function withTodaysNames(captured: CapturedTable, table: CatalogTable): CapturedTable {
  let changed = false;
  const columns = captured.columns.map((known): CapturedColumn => {
    const found = table.columns.find(({ number }) => number === known.number);
    if (!found || (found.name === known.column && found.declaredType === known.type)) return known;
    changed = true;
    return seenColumn(known, found.name, found.declaredType);
  });
  return changed ? { ...captured, columns } : captured;
}
