import { BackstoryError } from '../errors.js';

/** Of a property that `decide` has changed itself. */
export function changedByDecide(knownAs: string, property: string): BackstoryError {
  return new BackstoryError(
    'COMMAND_REFUSED',
    `decide has changed "${property}" of the "${knownAs}" that it was given, without an event.`,
    'Return an event, and let evolve change the property: what decide is given is a copy, and its changes get lost.',
  );
}

/** Of a property of an aggregate root that is another one than its events make of it. */
export function changedBesideEvents(knownAs: string, property: string): BackstoryError {
  return new BackstoryError(
    'COMMAND_REFUSED',
    `"${property}" of the "${knownAs}" is not what the events that it has applied make of it.`,
    'Change it in on<Event>(event) alone, by what the event says: a clock or a random number belongs into the event.',
  );
}
