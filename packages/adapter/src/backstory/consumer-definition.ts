import type { EntityManager } from 'typeorm';
import type { EncryptionRules } from '../encryption/index.js';
import type { EventFilter, EventHandler, EventPublisher, StartAt } from '../outbox/index.js';

/** What consumers of every kind are told. */
export interface ConsumerOptions {
  /** Under which its checkpoint is stored: the same name is the same consumer, in however many processes. */
  readonly name: string;
  /**
   * Where a consumer starts that the database doesn't know yet: `now`, `beginning`, or behind a global position.
   * @defaultValue 'now': nobody gets letters about orders of the last ten years
   */
  readonly from?: StartAt;
  /** First events of rows that were there before, which nobody has just made. @defaultValue false */
  readonly includeBackfill?: boolean;
  /** Parts of the streams that are handled at the same time, in one process or several; each in order. Can't be changed. @defaultValue 1 */
  readonly partitions?: number;
  /** Events between two checkpoints, at most: as many may be repeated after a crash. @defaultValue 100 */
  readonly batchSize?: number;
  /** How often an event is tried before it and the later ones of its stream are parked. @defaultValue 5 */
  readonly attempts?: number;
}

export interface ConsumerDefinition extends ConsumerOptions {
  /** Made by `onEvent`. Each event goes to all that it is for, in this order, at least once. */
  readonly handlers: readonly EventHandler<EntityManager>[];
  /**
   * Whether each event has `before`: the whole aggregate as it was before it, read from the log with one or two queries for each batch
   * and aggregate. Of what it `owns`, too.
   * @defaultValue false
   */
  readonly before?: boolean;
}

export interface RelayDefinition extends ConsumerOptions {
  /**
   * Gets batches in order; the checkpoint moves when it resolves. What fails is tried until it succeeds, unless the error has
   * `transient: false`. Those for RabbitMQ, NATS, Kafka and webhooks: `@backstory/adapter/rabbitmq` and so on.
   */
  readonly publisher: EventPublisher;
  /** Categories and types to publish. @defaultValue all */
  readonly filter?: Pick<EventFilter, 'categories' | 'types'>;
  /**
   * What is encrypted, with a key for each subject. Needs `encryption.keys` in the options. `none` publishes events as they are.
   * @defaultValue what `encryption.encrypt` says; `none` without `encryption`
   */
  readonly encrypt?: EncryptionRules | 'none';
}
