import type { NewEvent } from '../appending/index.js';
import type { ConstraintViolatedError } from '../errors.js';
import type { EntityTarget } from '../mapping/index.js';

/**
 * What a command comes to: one event, several in their order, or none. Or an `AggregateRoot` of `@nestjs/cqrs`, whose uncommitted events it is.
 * @typeParam Event - the events that may be returned: `OrderShipped | OrderCancelled`
 */
export type Decision<Event extends NewEvent = NewEvent> = Event | readonly Event[] | null | undefined | void;

/**
 * Looks at the entity and says what happens, or throws an error of its own. It changes nothing, neither the entity nor anything else: after a
 * conflict it is asked again. An entity that is an `AggregateRoot` of `@nestjs/cqrs` may say it by `apply`, in place of returning it.
 */
export type Decide<Entity, Event extends NewEvent = NewEvent> = (
  entity: Entity,
) => Decision<Event> | Promise<Decision<Event>>;

/** How a command that creates is handled. `Manager` is TypeORM's EntityManager. */
export interface CreateOptions<Manager = unknown> {
  /**
   * The transaction of the caller that the command is part of, such as that of `dataSource.transaction()`. A conflict then ends it, and
   * nobody but the caller can run it again.
   * @defaultValue a transaction of the command's own
   */
  manager?: Manager;
  /**
   * Makes the command one that is handled once: with the same id again, in whatever process, it gives what it has come to the first time, decides nothing
   * and writes nothing. What fails isn't remembered. Kept for as long as the option `commands.keepIds` says. Costs three round trips.
   * @defaultValue none: each call is a command of its own
   * @example commandId: `ship:${event.id}`
   */
  commandId?: string;
  /**
   * What the command is asked with, as a hash of the caller's, kept with `commandId`: the same id with another fingerprint is an error, in place of the result of
   * something that wasn't asked for. One without compares nothing.
   * @defaultValue none
   */
  commandFingerprint?: string;
  /**
   * Errors of the application's own for what constraints of the table refuse, by property or by the name of the constraint.
   * @defaultValue none: a `ConstraintViolatedError` that names the property
   * @example refusals: { email: () => new EmailTaken(email) }
   */
  refusals?: Readonly<Record<string, (error: ConstraintViolatedError) => Error>>;
}

/** How a command on what is there is handled. */
export interface HandleOptions<Manager = unknown> extends CreateOptions<Manager> {
  /**
   * How often the command is decided anew when somebody else has written to the stream meanwhile. More help where many
   * write to one aggregate, and make the last of them wait longer.
   * @defaultValue 3
   */
  retries?: number;
  /**
   * Streams that the decision depends on without changing them: entity and key. Where each of them ended before `decide` is asked, it has to end when the command
   * is written; else it is decided anew. Their rows are locked then, as by an UPDATE. Read them in `decide` by `backstory.load`. Not for
   * aggregates that own others. Each costs a round trip, and all together one more.
   * @defaultValue none
   * @example reads: [[Customer, 7]]
   */
  reads?: readonly (readonly [entity: EntityTarget, id: string | number | bigint])[];
  /**
   * Whether the end of the stream, and of those in `reads`, is checked, too, when `decide` returned no event. That costs a round trip. Of an aggregate that owns others
   * it is compared, and not held until the transaction ends.
   * @defaultValue false
   */
  checkAlways?: boolean;
}
