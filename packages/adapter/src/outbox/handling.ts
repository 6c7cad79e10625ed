import { type RecordedEvent, streamName } from '../event/index.js';
import { operate, type OperationSubject } from '../observation/index.js';
import { callHandlers, type EventHandler } from './event-handler.js';
import { EventFailure, type Subscription } from './subscription.js';
import { toldBefore, type ValuesBefore } from './values-before.js';

/** Runs a handler so that what it writes says which event it follows. */
export type InContextOfEvent = <Result>(event: RecordedEvent, work: () => Result) => Result;

/** A batch ends after this time, so that its transaction is short and few events are repeated after a crash. */
const longestBatchMs = 1000;

/** One by one, each in the context of its event. */
export function byHandlers<Manager>(
  consumer: string,
  handlers: readonly EventHandler<Manager>[],
  inContext: InContextOfEvent,
  tables: Readonly<Record<string, string>> = {},
  valuesBefore?: ValuesBefore,
): Subscription['handle'] {
  return async (events, { attempt, signal, manager }) => {
    const end = performance.now() + longestBatchMs;
    const told = await toldBefore(events, valuesBefore);
    let handled = 0;
    for (const [index, event] of events.entries()) {
      const delivery = { event: told[index] ?? event, attempt, signal, manager: manager as Manager, tables };
      try {
        await operate(
          () => subjectOf(consumer, event, attempt),
          () => inContext(event, () => callHandlers(handlers, delivery)),
          () => ({}),
        );
      } catch (error) {
        throw new EventFailure(event, error);
      }
      handled++;
      if (signal.aborted || performance.now() > end) break;
    }
    return handled;
  };
}

function subjectOf(consumer: string, event: RecordedEvent, attempt: number): OperationSubject {
  const { category, type, streamId, streamPosition, metadata } = event;
  const { traceparent } = metadata;
  return {
    name: 'handle',
    attributes: { consumer, type, stream: streamName(category, streamId), streamPosition, attempt },
    ...(traceparent && { traceparents: [traceparent] }),
  };
}

/** What takes events over as a whole, such as a broker. */
export interface EventPublisher {
  /**
   * Resolves when the broker has confirmed all of them. Called again while it runs where the consumer has several partitions,
   * with events of other streams.
   * @throws anything. An error's `event` names the first that isn't confirmed: those before it are not published again;
   * without it the whole batch is. `transient: false` says that the broker will never take this event.
   */
  publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void>;
  /** Lets go of connections, when the consumer has stopped. It may publish again after that. */
  close?(): Promise<void>;
}

/** Whole batches, in order. */
export function byPublisher(publisher: EventPublisher): Subscription['handle'] {
  return async (events, { signal }) => {
    try {
      await publisher.publish(events, signal);
    } catch (error) {
      const named = (error as { event?: unknown } | null)?.event;
      const failed = events.find((event) => event === named) ?? events[0];
      if (!failed) throw error;
      throw new EventFailure(failed, error);
    }
    return events.length;
  };
}

/** A broker that fails is down, unless the error says that it will never take this event (`transient: false`). */
export function isTransientOfPublisher(error: unknown): boolean {
  return (error as { transient?: unknown } | null)?.transient !== false;
}
