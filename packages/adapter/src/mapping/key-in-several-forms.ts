import type { ColumnMapping, PartMapping } from './entity-mapping.js';
import { rootKeyColumns } from './ownership-sql.js';

/** Of these, too, two values that are equal are printed alike. */
const printedAlike = new Set([
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'bit',
  'varbit',
  'time',
  'money',
  'char',
]);
/** And of these, where both columns are declared with the same length or scale. */
const padded = new Set(['numeric', 'bpchar']);

/**
 * The column of a root's key that a part may name in another form: its row would have 1.00 and the part 1, which PostgreSQL takes
 * for the same, and which are two streams. When the root is gone, only what the part has is left to tell whose it was.
 */
export function keyInSeveralForms(part: PartMapping): ColumnMapping | undefined {
  const referring = rootKeyColumns(part);
  return part.part.root.key.find((key, index) => !isOfOneForm(key, referring?.[index]));
}

function isOfOneForm(key: ColumnMapping, referring: ColumnMapping | undefined): boolean {
  if (!referring || key.exactEquality || printedAlike.has(key.typeName)) return true;
  return (
    padded.has(key.typeName) && key.declaredType.endsWith(')') && key.declaredType === referring.declaredType
  );
}
