import { InvalidOptionsError } from '../errors.js';
import { eventTypeName, type RecordedEvent } from '../event/index.js';

type EventClass<Event extends object> = new (...args: never[]) => Event;

interface AppliedEvent {
  readonly method: string | symbol;
  readonly eventClass?: new () => object;
}

type AppliedEvents = ReadonlyMap<string, AppliedEvent>;

// not a module's own map: both formats of this package may be loaded in one process
const key = Symbol.for('backstory:applied-events');

type Holder = { [key]?: Map<string, AppliedEvent> };

/** A decorator of methods that take a state, this event and perhaps the recorded event, and return the next state. */
export type AppliesDecorator<Event> = <
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the state is the method's own matter
  Method extends (state: any, event: Event, recorded: RecordedEvent) => unknown,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Says which event a method of a class of reducers is for, for `backstory.replay`. Named by its class, the event comes as
 * an instance of it; named by its type, as it was recorded and upcast. A subclass inherits, and may take an event over.
 * @throws InvalidOptionsError when another method of the class is for this event
 * @example
 * class Shipping {
 *   \@Applies(OrderShipped)
 *   shipped(state: readonly string[], event: OrderShipped): readonly string[] {
 *     return [...state, event.trackingNumber];
 *   }
 * }
 */
export function Applies<Event extends object>(type: EventClass<Event>): AppliesDecorator<Event>;
export function Applies(type: string): AppliesDecorator<RecordedEvent>;
export function Applies(type: EventClass<object> | string): AppliesDecorator<never> {
  return (target: object, method: string | symbol) => {
    const name = eventTypeName(type);
    const own = ownEvents(target);
    const taken = own.get(name);
    if (taken) {
      throw new InvalidOptionsError(
        `${target.constructor.name} has two methods for the event "${name}": ${String(taken.method)} and ${String(method)}.`,
        'Let one method apply it.',
      );
    }
    own.set(name, { method, ...(typeof type !== 'string' && { eventClass: type }) });
  };
}

/** What the methods of an object are for, by event type; those of a subclass before those that it inherits. */
export function appliedEvents(instance: object): AppliedEvents {
  const found = new Map<string, AppliedEvent>();
  for (let at: object | null = instance; at; at = Object.getPrototypeOf(at) as object | null) {
    if (!Object.hasOwn(at, key)) continue;
    for (const [type, applied] of (at as Holder)[key] ?? []) {
      if (!found.has(type)) found.set(type, applied);
    }
  }
  return found;
}

function ownEvents(target: object): Map<string, AppliedEvent> {
  const own = Object.hasOwn(target, key) ? (target as Holder)[key] : undefined;
  if (own) return own;
  const events = new Map<string, AppliedEvent>();
  Object.defineProperty(target, key, { value: events });
  return events;
}
