import type { EntityManager, EntitySchema, ObjectLiteral } from 'typeorm';
import type { AppendedEvents, AppendOptions, NewEvent } from '../appending/index.js';
import type { Appends } from './appends.js';
import type { CommandHandling } from '../handling/index.js';
import type { CreateOptions, Decide, Decision, HandleOptions } from '../commands/index.js';
import type { EntityTarget } from '../mapping/index.js';
import type { Restoration } from './restoration.js';
import type { RecordedEvent } from '../event/index.js';
import type { UntrackedOptions, UntrackedResult, UntrackedWork } from './untracked-work.js';
import type { RestorationReport, RestoredVersion, RestoreOptions } from '../restoring/index.js';

/** How an application writes events itself, and brings back what they tell. `Backstory` has these methods. */
export abstract class EventWriting {
  /** @internal */
  protected abstract readonly appends: Appends;
  /** @internal */
  protected abstract readonly commands: CommandHandling;
  /** @internal */
  protected abstract readonly restoration: Restoration;
  /** @internal */
  protected abstract readonly untrackedWork: UntrackedWork;

  /**
   * Appends events of the application's own to one stream, in the transaction that `manager` has open, with the context that
   * captured events get: what happened without a column that says so. They have their place among the captured events of the stream, and no
   * state depends on them. Several are one round trip. For an entity the row's key, as events have it; it is locked as by an UPDATE, unless the
   * entity has parts. Or a topic of the options, with any id.
   * @throws WrongExpectedVersionError where the stream ends elsewhere; nothing is appended, and the transaction can go on
   * @throws AggregateNotFoundError where there is neither row nor stream
   * @throws BackstoryError INVALID_EVENT, APPEND_OUTSIDE_TRANSACTION, APPEND_REFUSED (a name that capture gives; an aggregate that is off),
   * UNKNOWN_CATEGORY, RIGHTS_MISSING; what PostgreSQL refuses comes as TypeORM gives it
   * @example
   * await dataSource.transaction(async (manager) => {
   *   await backstory.append(manager, Order, '42', new ReminderSent('sms'));
   * });
   */
  append(
    manager: EntityManager,
    target: EntityTarget,
    streamId: string | number | bigint,
    events: NewEvent | readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendedEvents> {
    return this.appends.append(manager, target, streamId, events, options);
  }

  /**
   * Handles a command: `decide` gets the entity as its events tell it, and returns the events that this comes to: none, one or several.
   * What the aggregate's `evolve`, or methods of the entity with `Applies`, say of them is written to its row, in the same transaction as the
   * events. Each event has the properties that it changes, and what it says itself under `$event`. Whatever else changes in the row
   * along with it is an event of its own (`OrderUpdated`, `origin: 'residual'`). When somebody else has written to the stream meanwhile,
   * it is decided anew. Five round trips: as many as to load, change and save in a transaction.
   * @returns the entity as it is afterwards
   * @throws what `decide` and evolve throw, as it is
   * @throws WrongExpectedVersionError after all `retries`, or at once in the transaction of a caller; AggregateNotFoundError
   * @throws ConstraintViolatedError where the table's constraints refuse the row: names the property, or is what `refusals` makes of it
   * @throws BackstoryError COMMAND_REFUSED for what can't be meant, such as a change by `decide` itself; INVALID_EVENT; APPEND_REFUSED;
   * COMMAND_NOT_RECORDED where capture hasn't written the events: nothing is committed then
   * @example
   * const shipped = await backstory.handle(Order, '42', (order) => {
   *   if (order.status !== OrderStatus.Placed) throw new OrderNotPlaced(order.id);
   *   return new OrderShipped(trackingNumber);
   * });
   */
  handle<Entity extends ObjectLiteral>(
    entity: abstract new (...args: never[]) => Entity,
    id: string | number | bigint,
    decide: Decide<Entity>,
    options?: HandleOptions<EntityManager>,
  ): Promise<Entity>;
  handle<Entity extends ObjectLiteral>(
    entity: EntitySchema<Entity>,
    id: string | number | bigint,
    decide: Decide<Entity>,
    options?: HandleOptions<EntityManager>,
  ): Promise<Entity>;
  handle(
    entity: EntityTarget,
    id: string | number | bigint,
    decide: Decide<never>,
    options?: HandleOptions<EntityManager>,
  ): Promise<object> {
    return this.commands.handle(entity, id, decide, options);
  }

  /**
   * Handles a command that creates: what `decide` returns makes a new instance, by evolve as in {@link handle}, and is inserted with its events. The first
   * of them has the whole row, whoever has chosen what is in it: the events, defaults, or the database, which may also choose the key.
   * @returns the entity as it is afterwards, with its key
   * @throws what `decide` and evolve throw, as it is; BackstoryError COMMAND_REFUSED, INVALID_EVENT, COMMAND_NOT_RECORDED
   * @throws ConstraintViolatedError, or what `refusals` makes of it
   * @example
   * const order = await backstory.create(Order, () => new OrderPlaced('12.00'));
   */
  create<Entity extends ObjectLiteral>(
    entity: abstract new (...args: never[]) => Entity,
    decide: () => Decision | Promise<Decision>,
    options?: CreateOptions<EntityManager>,
  ): Promise<Entity>;
  create<Entity extends ObjectLiteral>(
    entity: EntitySchema<Entity>,
    decide: () => Decision | Promise<Decision>,
    options?: CreateOptions<EntityManager>,
  ): Promise<Entity>;
  create(
    entity: EntityTarget,
    decide: () => Decision | Promise<Decision>,
    options?: CreateOptions<EntityManager>,
  ): Promise<object> {
    return this.commands.create(entity, decide, options);
  }

  /**
   * Writes a row and its parts back to what they were at a version of their stream, or at a moment; also of one that was deleted. One
   * transaction, through the captured tables: an event with the origin `restore` and `restoredTo`. Version and update date go on.
   * @throws AggregateNotFoundError, WrongExpectedVersionError, InvalidOptionsError; BackstoryError RESTORE_REFUSED for a version that isn't there or has
   * erased values, RESTORE_FAILED where a constraint refuses it, STAGE_REFUSED (it is off). Nothing is written then
   * @example await backstory.restore(Order, '42', { version: 3, reason: 'changed by mistake' });
   */
  restore(
    target: EntityTarget,
    streamId: string | number | bigint,
    options: RestoredVersion & RestoreOptions,
  ): Promise<RestorationReport> {
    return this.restoration.restore(target, streamId, options);
  }

  /**
   * Runs `work` in a transaction of its own in which deleted rows of some aggregates, with their parts, leave no event each: for purges. One event for
   * each aggregate says how many, who and why (`OrderUntracked`, in the category `$untracked`). Their streams are known to have ended: verify
   * stays clean and counts them, a replay comes to nothing, and their `history` ends with the reason. What `work` inserts or updates of
   * these aggregates is refused; what foreign keys and triggers change is captured, and so are deleted parts of roots that stay.
   * @throws BackstoryError UNTRACKED_REFUSED, RIGHTS_MISSING (it is the owner's right, unless it was granted), STAGE_REFUSED (it is off); what `work` throws. Nothing is
   * written then
   * @example
   * await backstory.untracked(Order, { reason: 'older than 10 years' }, (manager) =>
   *   manager.query(`delete from "order" where "createdAt" < now() - interval '10 years'`),
   * );
   */
  untracked<Result>(
    targets: EntityTarget | readonly EntityTarget[],
    options: UntrackedOptions,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<UntrackedResult<Result>> {
    const named = (Array.isArray(targets) ? targets : [targets]) as readonly EntityTarget[];
    return this.untrackedWork.run(named, options, work);
  }

  /**
   * The ids of the streams that an event such as `OrderUntracked` tells of, in pages of 1 000 at most: so a projection can remove them.
   * @throws InvalidOptionsError for any other event
   * @example
   * backstory.consumers.project({
   *   name: 'order-summary',
   *   handlers: [
   *     onEvent('OrderUntracked', async (event, { manager }) => {
   *       for await (const ids of backstory.untrackedStreams(event)) await manager.delete('order_summary', ids);
   *     }),
   *   ],
   * });
   */
  untrackedStreams(
    event: Pick<RecordedEvent, 'category' | 'data'>,
  ): AsyncGenerator<string[], void, undefined> {
    return this.untrackedWork.streams(event);
  }
}
