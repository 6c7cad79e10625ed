import {
  type Backstory,
  type CreateOptions,
  type Decide,
  type Decision,
  type EventDataOf,
  type HandleOptions,
  type HistoryOptions,
  InvalidOptionsError,
  type NewEvent,
  type ReadStreamOptions,
  type RecordedEvent,
} from '@backstory/adapter';
import type { EntityManager } from 'typeorm';

/** The class of an entity. */
export type EntityClass<Entity extends object = object> = abstract new (...args: never[]) => Entity;

type Id = string | number | bigint;

/**
 * Commands on the aggregates of one entity, and what their events tell: `backstory` with the entity filled in. Injected by
 * `@InjectAggregates(Order)`, where `BackstoryModule.forFeature([Order])` is imported.
 * @typeParam Event - the events that commands may come to, `OrderShipped | OrderCancelled`: others are an error of the compiler. Any, where it is left out
 */
export class Aggregates<Entity extends object, Event extends NewEvent = NewEvent> {
  constructor(
    /** The class of the entity. */
    readonly entity: EntityClass<Entity>,
    private readonly given: Backstory | undefined,
  ) {}

  /**
   * Handles a command, as `backstory.handle` does.
   * @returns the entity as it is afterwards
   * @throws what `decide` throws, as it is; `WrongExpectedVersionError`, `AggregateNotFoundError`, `ConstraintViolatedError`, `BackstoryError`
   * @example const order = await orders.handle(42, () => new OrderShipped(trackingNumber)); // orders: as @InjectAggregates(Order) gives it
   */
  async handle(
    id: Id,
    decide: Decide<Entity, Event>,
    options?: HandleOptions<EntityManager>,
  ): Promise<Entity> {
    return this.backstory.handle(this.entity, id, decide, options);
  }

  /**
   * Handles a command that creates, as `backstory.create` does.
   * @returns the entity with its key
   * @throws what `decide` throws, as it is; `ConstraintViolatedError`, `BackstoryError`
   * @example const order = await orders.create(() => new OrderPlaced('12.00'));
   */
  async create(
    decide: () => Decision<Event> | Promise<Decision<Event>>,
    options?: CreateOptions<EntityManager>,
  ): Promise<Entity> {
    return this.backstory.create(this.entity, decide, options);
  }

  /**
   * The entity as its events tell it: now, at a version of its stream, or at a moment. Null where it isn't there.
   * @throws `ReplayError` for a stream that can't be replayed
   * @example const order = await orders.load(42, { version: 1 });
   */
  async load(id: Id, options?: ReadStreamOptions): Promise<Entity | null> {
    return this.backstory.load(this.entity, String(id), options);
  }

  /**
   * The events of its stream, oldest first, with data that is typed by the entity.
   * @example const events = await orders.history(42);
   */
  async history(id: Id, options?: HistoryOptions): Promise<RecordedEvent<EventDataOf<Entity>>[]> {
    return this.backstory.history(this.entity, String(id), options);
  }

  private get backstory(): Backstory {
    if (this.given) return this.given;
    throw new InvalidOptionsError(
      `There is no BackstoryModule for the DataSource of "${this.entity.name}", whose aggregates are injected.`,
      'Import BackstoryModule.forRoot() in the root module. With BackstoryTenantsModule inject the tenants, @InjectTenants(), and take the history of one of them.',
    );
  }
}
