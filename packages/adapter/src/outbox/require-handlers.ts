import { InvalidOptionsError } from '../errors.js';
import type { EventBatchHandler } from './event-batch-handler.js';
import type { EventHandler } from './event-handler.js';

/** What TypeScript would have said, and what it can't say. @throws InvalidOptionsError */
export function requireHandlers(
  consumer: string,
  handlers: readonly EventHandler<never>[] | EventBatchHandler<never>,
  kind: 'consumer' | 'projection',
): void {
  const inBatches = [handlers].flat().some((handler) => 'handleBatch' in handler);
  if (inBatches && (kind === 'consumer' || Array.isArray(handlers))) {
    throw new InvalidOptionsError(
      `"${consumer}" has onEventBatch(…) where it gets one event at a time.`,
      'A projection takes it, with nothing beside it: handlers: onEventBatch([…], …). Batches for the outside go to a publisher: relay(…).',
    );
  }
  const selected = 'handleBatch' in handlers ? handlers.on : handlers;
  if (selected.length > 0) return;
  const batch = kind === 'projection' ? ', or onEventBatch([OrderShipped], …)' : '';
  throw new InvalidOptionsError(
    `Consumer "${consumer}" has no handlers.`,
    `Say which events it gets: [onEvent(OrderShipped, …)]${batch}.`,
  );
}
