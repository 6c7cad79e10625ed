import type { EntityMapping } from '../mapping/index.js';
import { survivingRows } from './surviving-rows.js';

/** Names that no table has as a column: inside the function a column of the same name would hide the rows. */
export const oldRows = 'backstory_old_rows';
export const newRows = 'backstory_new_rows';

/** What a trigger function reads the changed rows from: a row trigger sees one, a statement trigger all of them. */
export function changedRows(mapping: EntityMapping, schema: string): { old: string; new: string } {
  const { old, new: now } = mapping.reentrant
    ? { old: '(select old.*)', new: '(select new.*)' }
    : { old: oldRows, new: newRows };
  const rowsOf = (relation: string): string => survivingRows(mapping, schema, relation, 'capture.fired_on');
  return { old: rowsOf(old), new: rowsOf(now) };
}

/** Relations with a table's rows before and after a statement; undefined where there are none. */
export interface ChangedParts {
  readonly before: string | undefined;
  readonly after: string | undefined;
}
