import type { EntityTarget } from '../mapping/index.js';
import type { EventBatchHandler } from './event-batch-handler.js';
import type { EventHandler, EventSelector } from './event-handler.js';

type CategoryOf = (entity: EntityTarget) => string;

/** The same handlers, with the category in the place of each entity: that is what events name. @throws what `categoryOf` throws */
export function byCategory<Handlers extends readonly EventHandler<never>[] | EventBatchHandler<never>>(
  handlers: Handlers,
  categoryOf: CategoryOf,
): Handlers;
export function byCategory(
  handlers: readonly EventHandler<never>[] | EventBatchHandler<never>,
  categoryOf: CategoryOf,
): readonly EventHandler<never>[] | EventBatchHandler<never> {
  const named = (on: EventSelector): EventSelector =>
    typeof on === 'object' && 'entity' in on ? { category: categoryOf(on.entity) } : on;
  if ('handleBatch' in handlers) return { ...handlers, on: handlers.on.map(named) };
  return handlers.map((handler) => ({ ...handler, on: named(handler.on) }));
}
