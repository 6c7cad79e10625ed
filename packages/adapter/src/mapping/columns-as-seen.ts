import type { CapturedColumn, CapturedTable } from './captured-table.js';
import type { CatalogTable } from './catalog.js';

/** What is captured of a table, with the names and types that its columns have now; the same object where nothing is new. */
export function columnsAsSeen(captured: CapturedTable, table: CatalogTable): CapturedTable {
  let changed = false;
  const columns = captured.columns.map((known): CapturedColumn => {
    const found = table.columns.find(({ number }) => number === known.number);
    if (!found || (found.name === known.column && found.declaredType === known.type)) return known;
    changed = true;
    return seenColumn(known, found.name, found.declaredType);
  });
  return changed ? { ...captured, columns } : captured;
}

/** A captured column under the name, and of the type, that it has now. */
export function seenColumn(known: CapturedColumn, column: string, type: string): CapturedColumn {
  const formerTypes =
    known.type === type ? known.formerTypes : [...new Set([...known.formerTypes, known.type])];
  return { ...known, column, type, formerTypes };
}
