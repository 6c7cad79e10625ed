import type { NewEvent } from '../appending/index.js';
import { BackstoryError } from '../errors.js';

/** What collects its events itself and changes by `on<Event>` methods: `AggregateRoot` of `@nestjs/cqrs`, which is told by its shape. */
export interface AggregateRoot {
  apply(event: object): void;
  commit(): void;
  getUncommittedEvents(): readonly object[];
  /** Protected there. */
  getEventHandler?(event: object): unknown;
}

export function isAggregateRoot(value: unknown): value is AggregateRoot {
  const { apply, commit, getUncommittedEvents } = (value ?? {}) as Partial<AggregateRoot>;
  return [apply, commit, getUncommittedEvents].every((method) => typeof method === 'function');
}

/**
 * Keeps an aggregate root from publishing while it is decided: nothing is written yet, and it may be decided anew. So nothing is published of what is rolled
 * back, and no event gets lost by a `commit()` that nobody listens to.
 */
export function withoutPublishing(knownAs: string, entity: object): void {
  if (!isAggregateRoot(entity)) return;
  for (const method of ['commit', 'publish', 'publishAll']) {
    const refuse = (): never => {
      throw new BackstoryError(
        'COMMAND_REFUSED',
        `${method}() of the "${knownAs}" was called while it is decided: nothing is committed yet.`,
        'Leave it out, and autoCommit too: what the aggregate has applied is written by the command. The option cqrs of BackstoryModule publishes it on the EventBus, after the commit.',
      );
    };
    Object.defineProperty(entity, method, { get: () => refuse, set: refuse, configurable: true });
  }
}

/** What an aggregate root does with an event: its method `on<Event>`. */
export function handlerOf(root: AggregateRoot, type: string, event: NewEvent): unknown {
  const isNamed = [Object.prototype, null].includes(Object.getPrototypeOf(event) as object | null);
  return isNamed || !root.getEventHandler
    ? (root as unknown as Record<string, unknown>)[`on${type}`]
    : root.getEventHandler(event);
}
