import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';
import type { AggregateRow } from './aggregate-row.js';
import { columnName } from '../entities/index.js';

/** @throws BackstoryError COMMAND_REFUSED for a change of a property that can't be written, which it names */
export function requireWritable(
  { knownAs }: EntityMapping,
  type: string,
  { mapping, id, values, isJoin }: AggregateRow,
  column: ColumnMetadata,
  change: 'created' | 'updated',
): void {
  const isComputed =
    column.generatedType !== undefined ||
    mapping.columns.some((each) => each.column === columnName(column) && each.generated);
  const problem = isJoin
    ? (['which is not part of it', 'Let a command on the other aggregate change it.'] as const)
    : !values.has(column)
      ? (['to undefined', 'Give null for no value.'] as const)
      : isComputed
        ? (['which PostgreSQL computes', 'Change what it is computed from.'] as const)
        : change === 'created'
          ? !column.isInsert &&
            (['whose column has insert: false', 'Leave it, or let it be inserted.'] as const)
          : column.isPrimary
            ? (['which is its key', 'A key stays: a row with another key is another aggregate.'] as const)
            : !column.isUpdate &&
              (['whose column has update: false', 'Leave it, or let it be updated.'] as const);
  if (!problem) return;
  const [why, remedy] = problem;
  const path = mapping.part ? `${mapping.part.path}[${id ?? 'new'}].` : '';
  throw new BackstoryError(
    'COMMAND_REFUSED',
    `${type} changes "${path}${column.propertyPath}" of "${knownAs}", ${why}.`,
    remedy,
  );
}
