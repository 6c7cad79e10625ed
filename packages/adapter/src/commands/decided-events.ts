import type { NewEvent } from '../appending/index.js';
import { BackstoryError } from '../errors.js';
import { isAggregateRoot } from './aggregate-root.js';

/** What was decided, and whether an aggregate root has collected it: then it has changed along with it. */
interface DecidedEvents {
  readonly events: readonly NewEvent[];
  /** The root whose events these are. */
  readonly root?: object;
}

/**
 * The events that `decide` has returned, or that an aggregate root has collected: the one that it was given, or that it returned.
 * @throws BackstoryError COMMAND_REFUSED where both have some, whose order nobody knows
 */
export function decidedEvents(knownAs: string, decision: unknown, asked?: object): DecidedEvents {
  const sources = [...new Set([asked, decision])].flatMap((root): DecidedEvents[] =>
    isAggregateRoot(root) ? [{ root, events: [...(root.getUncommittedEvents() as NewEvent[])] }] : [],
  );
  const all = [...sources, { events: isAggregateRoot(decision) ? [] : listOf(decision) }];
  const [first, second] = all.filter(({ events }) => events.length > 0);
  if (!second) return first ?? { events: [] };
  throw new BackstoryError(
    'COMMAND_REFUSED',
    `decide has returned events of the "${knownAs}", and it has applied others.`,
    'Let the aggregate apply all of them, or return all of them.',
  );
}

function listOf(decision: unknown): readonly NewEvent[] {
  if (decision === undefined || decision === null) return [];
  return Array.isArray(decision) ? (decision as readonly NewEvent[]) : [decision];
}
