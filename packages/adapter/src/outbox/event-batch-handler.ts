import type { EventData, EventDataOf, RecordedEvent } from '../event/index.js';
import type { Delivery, EventSelector, OfEntity } from './event-handler.js';
import { toldBefore, type ValuesBefore } from './values-before.js';
import type { Subscription } from './subscription.js';

/** What comes with the events of a batch. */
export type BatchDelivery<Manager = unknown> = Omit<Delivery<Manager>, 'event'>;

/** Handles many events with few statements. */
export interface EventBatchHandler<Manager = unknown> {
  readonly on: readonly EventSelector[];
  readonly handleBatch: (events: never, delivery: BatchDelivery<Manager>) => unknown;
}

/**
 * A projection's handler for a whole batch of events, in the order of each stream: one statement for all of them instead of
 * one for each, which is what a projection's speed depends on. `eventInstance(OrderShipped, event)` makes an instance of one.
 * When it fails, its transaction is rolled back and the events of the batch come one by one, in batches of one: only the one
 * that can't be handled is tried again and parked. What it writes into captured tables has no `causationId`.
 * @example
 * backstory.consumers.project({
 *   name: 'shipped',
 *   tables: ['shipped'],
 *   create: (manager, tables) => manager.query(`create table ${tables.shipped} (id text)`),
 *   handlers: onEventBatch([OrderShipped], (events, { manager, tables }) =>
 *     manager.query(`insert into ${tables.shipped} select unnest($1::text[])`, [events.map(({ streamId }) => streamId)]),
 *   ),
 * });
 */
export function onEventBatch<Entity, Manager = unknown>(
  on: readonly OfEntity<Entity>[],
  handleBatch: (
    events: readonly RecordedEvent<EventDataOf<Entity>>[],
    delivery: BatchDelivery<Manager>,
  ) => unknown,
): EventBatchHandler<Manager>;
export function onEventBatch<Manager = unknown, Data = EventData>(
  on: readonly EventSelector[],
  handleBatch: (events: readonly RecordedEvent<Data>[], delivery: BatchDelivery<Manager>) => unknown,
): EventBatchHandler<Manager>;
export function onEventBatch<Manager>(
  on: readonly EventSelector[],
  handleBatch: EventBatchHandler<Manager>['handleBatch'],
): EventBatchHandler<Manager> {
  return { on, handleBatch };
}

/** The whole batch at once; whatever it throws is taken for a failure of any of them. */
export function byBatchHandler<Manager>(
  { handleBatch }: EventBatchHandler<Manager>,
  tables: Readonly<Record<string, string>>,
  valuesBefore?: ValuesBefore,
): Subscription['handle'] {
  return async (events, { attempt, signal, manager }) => {
    const told = await toldBefore(events, valuesBefore);
    await handleBatch(told as never, { attempt, signal, manager: manager as Manager, tables });
    return events.length;
  };
}
