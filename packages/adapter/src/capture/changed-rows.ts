import { quoteTable } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { survivingRows } from './surviving-rows.js';

/** Names that no table has as a column: inside the function a column of the same name would hide the rows. */
export const oldRows = 'backstory_old_rows';
export const newRows = 'backstory_new_rows';

/** The row as text, beside its columns: as PostgreSQL calls a column of its own, so that no table has one of that name. */
const wholeRow = 'cmax';

/**
 * What a trigger function reads the changed rows from: a row trigger sees one, a statement trigger all of them. `isThere`: the table
 * still has its name.
 */
export function changedRows(
  mapping: EntityMapping,
  schema: string,
  isThere = true,
): { old: string; new: string } {
  // Nothing is read of the table: but without it a session would keep a plan with columns that have been dropped since.
  const asPlanned = isThere ? `from (select) one left join ${quoteTable(mapping.table)} t on false` : '';
  const { old, new: now } = mapping.reentrant
    ? {
        old: `(select old.*, old::text as ${wholeRow} ${asPlanned})`,
        new: `(select new.*, new::text as ${wholeRow} ${asPlanned})`,
      }
    : { old: oldRows, new: newRows };
  // Of a subquery's row the planner makes an expression with all of its columns, for each column anew.
  const row = mapping.reentrant ? `"$r".${wholeRow}` : '("$r".*)::text';
  const rowsOf = (relation: string): string =>
    survivingRows(mapping, schema, relation, { row, table: 'capture.fired_on' });
  return { old: rowsOf(old), new: rowsOf(now) };
}

/** Relations with a table's rows before and after a statement; undefined where there are none. */
export interface ChangedParts {
  readonly before: string | undefined;
  readonly after: string | undefined;
}
