export type { EventEvolution } from './event-evolution.js';
export { byCategory } from './by-category.js';
export { Consumer } from './consumer.js';
export {
  type BatchDelivery,
  byBatchHandler,
  type EventBatchHandler,
  onEventBatch,
} from './event-batch-handler.js';
export {
  type Delivery,
  type EventHandler,
  type EventSelector,
  type OfEntity,
  onEvent,
  wantedBy,
} from './event-handler.js';
export { eventWriters, writersLeft } from './event-writers.js';
export type { ValuesBefore } from './values-before.js';
export { type Checkpoint, checkpointOf, storedWhole } from './checkpoint.js';
export { type Fence, type Lease, LeaseLostError, readCheckpoint, requireLease } from './consumer-lease.js';
export { type DeliveryPlace, type OpenPlace, UntoldLogError, type Work } from './delivery-place.js';
export type { EnteredLog } from './enter-log.js';
export { type EventFilter, partitionSql } from './event-filter.js';
export { settleInLog } from './settle-in-log.js';
export type { Settlement } from './settlement.js';
export {
  byHandlers,
  byPublisher,
  type EventPublisher,
  type InContextOfEvent,
  isTransientOfPublisher,
} from './handling.js';
export type { FilterOf } from './events-due.js';
export { labelEpochs } from './label-epochs.js';
export { type ConsumerStatus, listConsumers } from './list-consumers.js';
export { beginEpoch, currentEpoch, knownEpochs, type LogEpoch } from './log-epoch.js';
export { askForRetry, discard, listParked, type ParkedEvent, type ParkedSelection } from './parked-events.js';
export { Pause } from './pause.js';
export type { PositionRange } from './position-range.js';
export type { WorkerSurroundings } from './worker-surroundings.js';
export type { DeliveryTransactions } from './delivery-transactions.js';
export type { StartAt, Subscription } from './subscription.js';
export { readSince } from './read-since.js';
export { startingPoint } from './register-consumer.js';
export { requireConsumer, unknownConsumer } from './require-consumer.js';
export { requireHandlers } from './require-handlers.js';
export { isTransient } from './transient-errors.js';
export { lastPosition, waitForPosition, type WaitOptions } from './wait-for-position.js';
