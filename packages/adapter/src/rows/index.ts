export type { AggregateRow, AggregateRows } from './aggregate-row.js';
export { RowsOfAggregate } from './aggregate-rows.js';
export { deleteRows } from './delete-rows.js';
export { type EvolvedAggregate, evolvedAggregate } from './evolved-aggregate.js';
export { insertRow } from './insert-row.js';
export { changedColumns } from './persisted-values.js';
export type { RowChange } from './row-change.js';
export { type WrittenValues, updateRow } from './update-row.js';
