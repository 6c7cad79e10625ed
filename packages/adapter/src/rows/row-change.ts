import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { AggregateRow } from './aggregate-row.js';

/** What a command does to a row. */
export interface RowChange {
  readonly kind: 'added' | 'changed' | 'removed';
  /** As it is in the end, or was before it went. */
  readonly row: AggregateRow;
  /** That are to be written. */
  readonly columns: readonly ColumnMetadata[];
}
