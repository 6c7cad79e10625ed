import type { CapturedColumn } from './captured-table.js';

/** A captured column under the name, and of the type, that it has now. */
export function seenColumn(known: CapturedColumn, column: string, type: string): CapturedColumn {
  const formerTypes =
    known.type === type ? known.formerTypes : [...new Set([...known.formerTypes, known.type])];
  return { ...known, column, type, formerTypes };
}
