import type { EntityManager } from 'typeorm';
import type { ConsumerDefinition, ConsumerOptions, RelayDefinition } from './consumer-definition.js';
import type { Database } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import { filterOfDefined } from './filter-of-defined.js';
import type { RecordedEvent } from '../event/index.js';
import { listenTo } from './listen-to.js';
import { LogPositions } from './log-positions.js';
import type { EntityTarget } from '../mapping/index.js';
import {
  askForRetry,
  byCategory,
  byHandlers,
  byPublisher,
  Consumer,
  type ConsumerStatus,
  discard,
  type InContextOfEvent,
  isTransient,
  isTransientOfPublisher,
  requireConsumer,
  requireHandlers,
  lastPosition,
  listConsumers,
  listParked,
  type ParkedEvent,
  type ParkedSelection,
  type StartAt,
  type Subscription,
  unknownConsumer,
  waitForPosition,
  type WaitOptions,
  wantedBy,
  type WorkerSurroundings,
} from '../outbox/index.js';
import {
  homeOf,
  lookOf,
  Projection,
  type ProjectionDefinition,
  liveGenerationName,
  type TargetOf,
} from '../projections/index.js';
import type { PublisherEncryption } from './publisher-encryption.js';
import { validateConsumer, validateStart } from './validate-consumer.js';

/** Delivers events to handlers, projections and publishers, in order and without loss. Costs nothing until `start()`. */
export class ConsumerControl extends LogPositions {
  private readonly defined = new Map<string, Consumer | Projection>();
  /** @internal */
  readonly filterOf = filterOfDefined(this.defined);
  private endOfHints: (() => void) | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    private readonly surroundings: WorkerSurroundings,
    private readonly inContext: InContextOfEvent,
    private readonly watchWrites: (onWrite: () => void) => () => void,
    database: Database,
    schema: string,
    private readonly encrypted: PublisherEncryption,
    private readonly categoryOf: (entity: EntityTarget) => string,
    private readonly targetOf: TargetOf,
  ) {
    super(database, schema);
  }

  /**
   * Names handlers for events. Starts with `start()`.
   * @throws InvalidOptionsError for a name that is taken; UnknownAggregateError
   * @example backstory.consumers.define({ name: 'mailer', handlers: [onEvent('OrderUpdated', (event) => index(event.data))] });
   */
  define({ handlers: given, before, ...options }: ConsumerDefinition): this {
    requireHandlers(options.name, given, 'consumer');
    const handlers = byCategory(given, this.categoryOf);
    const befores = before ? this.surroundings.befores : undefined;
    const filter = {
      ...wantedBy(handlers.map(({ on }) => on)),
      includeBackfill: options.includeBackfill ?? false,
    };
    return this.add(options, {
      filter,
      isTransient,
      handle: byHandlers(options.name, handlers, this.inContext, {}, befores),
    });
  }

  /**
   * Names a publisher, such as a message broker's.
   * @throws InvalidOptionsError for a name that is taken, and for what can't be encrypted
   * @example backstory.consumers.relay({ name: 'broker', publisher: natsPublisher({ url: 'nats://localhost:4222', source: '/shop' }) });
   */
  relay({ publisher: given, filter = {}, encrypt, ...options }: RelayDefinition): this {
    const publisher = this.encrypted(given, options.name, encrypt);
    return this.add(options, {
      filter: { ...filter, includeBackfill: options.includeBackfill ?? false },
      isTransient: isTransientOfPublisher,
      handle: byPublisher(publisher),
      ...(publisher.close && { close: () => publisher.close?.() ?? Promise.resolve() }),
    });
  }

  /**
   * Names a read model that is written from events, from the beginning, each exactly once.
   * @example
   * backstory.consumers.project({
   *   name: 'order-totals',
   *   tables: ['order_totals'],
   *   create: (manager, tables) => manager.query(`create table ${tables.order_totals} (id text primary key, total numeric)`),
   *   handlers: [
   *     onEvent('OrderCreated', ({ streamId, data }, { manager, tables }) =>
   *       manager.query(`insert into ${tables.order_totals} values ($1, $2)`, [streamId, data.total]),
   *     ),
   *   ],
   * });
   */
  project(definition: ProjectionDefinition<EntityManager>): this {
    this.claim(definition.name);
    validateConsumer(definition);
    requireHandlers(definition.name, definition.handlers, 'projection');
    const handlers = byCategory(definition.handlers, this.categoryOf);
    const named = { ...definition, handlers } as ProjectionDefinition;
    const home = homeOf(this.surroundings, named, this.targetOf);
    this.defined.set(definition.name, new Projection(this.surroundings, this.inContext, named, home));
    return this;
  }

  /**
   * Takes back a definition that doesn't run. Its checkpoint stays: under this name it goes on from there.
   * @example backstory.consumers.forget('mailer');
   */
  forget(name: string): void {
    this.defined.delete(name);
  }

  /**
   * What is defined in this process, in that order.
   * @example const names = backstory.consumers.names(); // ['mailer', 'broker']
   */
  names(): string[] {
    return [...this.defined.keys()];
  }

  /**
   * Starts everything that is defined and doesn't run. Several processes may: they share the partitions.
   * @throws BackstoryError RIGHTS_MISSING where the role may not create the tables of a projection
   * @example await backstory.consumers.start();
   */
  start(): Promise<void> {
    return this.inTurn(async () => {
      if (this.defined.size === 0) return;
      this.endOfHints ??= this.watchWrites(() => {
        for (const consumer of this.defined.values()) consumer.wake();
      });
      for (const consumer of this.defined.values()) await consumer.start();
    });
  }

  /**
   * Lets what is under way come to its end.
   * @example await backstory.consumers.stop();
   */
  stop(): Promise<void> {
    return this.inTurn(async () => {
      this.endOfHints?.();
      this.endOfHints = undefined;
      await Promise.all([...this.defined.values()].map((consumer) => consumer.stop()));
    });
  }

  /** @internal Whether some were started and not stopped. */
  get isRunning(): boolean {
    return this.endOfHints !== undefined;
  }

  /**
   * Where each consumer stands, running or not. A projection's are `name@generation`. `due: false` doesn't count what is due to those of this process.
   * @example for (const consumer of await backstory.consumers.list()) log(consumer);
   */
  list({ due = true }: { due?: boolean } = {}): Promise<ConsumerStatus[]> {
    return listConsumers(this.database, this.schema, due ? this.filterOf : undefined);
  }

  /**
   * Events that a consumer could not handle, and those behind them, oldest first.
   * @throws BackstoryError UNKNOWN_CONSUMER for a name that neither this process nor the database knows; so do the next two
   * @example const parked = await backstory.consumers.parked('mailer', { category: 'order', streamId: '42' });
   */
  async parked(consumer: string, selection: ParkedSelection = {}): Promise<ParkedEvent[]> {
    return listParked(this.database, this.schema, await this.known(consumer), selection);
  }

  /**
   * Has parked events tried again by the consumer's workers, in the order of their streams, with a fresh count of
   * attempts. What fails again stays parked, with everything behind it. `parked()` with the same selection shows which.
   * @param request - `by`: who wants it, kept in `retry_requests`; the database's user by default
   * @example await backstory.consumers.retryParked('mailer', { category: 'order', streamId: '42' }, { by: 'anna' });
   */
  async retryParked(
    consumer: string,
    selection: ParkedSelection = {},
    request: { by?: string } = {},
  ): Promise<ParkedEvent[]> {
    return askForRetry(this.database, this.schema, await this.known(consumer), selection, request);
  }

  /**
   * Gives parked events up for good: their consumer never gets them. Who and why is kept.
   * @example await backstory.consumers.discardParked('mailer', { category: 'order', streamId: '42' }, { reason: 'no such address' });
   */
  async discardParked(
    consumer: string,
    selection: ParkedSelection,
    decision: { reason: string; by?: string },
  ): Promise<ParkedEvent[]> {
    if (!decision.reason)
      throw new InvalidOptionsError('Events are discarded for a reason.', 'Say which: { reason: "…" }.');
    return discard(this.database, this.schema, await this.known(consumer), selection, decision);
  }

  /**
   * Resolves when a consumer or projection has handled what was written: to read one's own writes.
   * @param position - @defaultValue everything that was committed before this call
   * @throws BackstoryError WAIT_TIMED_OUT
   * @example await backstory.consumers.wait('order-totals');
   */
  async wait(consumer: string, position?: string, options?: WaitOptions): Promise<void> {
    const name = await this.resolve(consumer);
    const until = position ?? (await lastPosition(this.database, this.schema));
    for (const defined of this.defined.values()) defined.wake();
    const look = lookOf(this.defined.get(consumer.split('@', 1)[0] ?? consumer), name, until);
    const waiting = waitForPosition(this.database, this.schema, name, until, options, look);
    return waiting.catch(async (error: unknown) => {
      if ((await this.resolve(consumer)) === name) throw error;
      return this.wait(consumer, until, options); // another generation has taken its place
    });
  }

  /** @internal What is due for one of them, without background work. */
  async deliverOnce(consumer: string, from: StartAt): Promise<RecordedEvent[]> {
    const defined = this.defined.get(consumer);
    if (!defined) throw unknownConsumer(consumer);
    validateStart(consumer, from);
    return defined.once(from);
  }

  /** @internal From now on: what it returns reads what was committed meanwhile. */
  listen(): Promise<() => Promise<RecordedEvent[]>> {
    return listenTo(this.database, this.schema, this.surroundings.evolution);
  }

  /** One after the other: a stop that comes while consumers are being started stops them all. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private add(
    { name, from = 'now', partitions = 1, batchSize = 100, attempts = 5 }: ConsumerOptions,
    rest: Pick<Subscription, 'filter' | 'isTransient' | 'handle' | 'close'>,
  ): this {
    this.claim(name);
    validateConsumer({ name, partitions, batchSize, attempts });
    validateStart(name, from);
    const subscription = { name, from, partitions, batchSize, attempts, transactional: false, ...rest };
    this.defined.set(name, new Consumer(this.surroundings, subscription));
    return this;
  }

  private claim(name: string): void {
    if (!this.defined.has(name)) return;
    throw new InvalidOptionsError(
      `There are two consumers "${name}".`,
      'Give each a name of its own: its checkpoint is stored under it.',
    );
  }

  private async known(name: string): Promise<string> {
    const consumer = await this.resolve(name);
    if (!this.defined.has(name)) await requireConsumer(this.database, this.schema, consumer);
    return consumer;
  }

  /** A projection stands for its live generation. */
  private async resolve(name: string): Promise<string> {
    return this.defined.get(name) instanceof Consumer
      ? name
      : liveGenerationName(this.database, this.schema, name);
  }
}
