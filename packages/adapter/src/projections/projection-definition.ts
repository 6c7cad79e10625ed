import type { EventBatchHandler, EventHandler } from '../outbox/index.js';

/** A read model that is written from events, each exactly once. */
export interface ProjectionDefinition<Manager = unknown> {
  readonly name: string;
  /**
   * For one event at a time (`onEvent`), or one for whole batches (`onEventBatch`). Write with `delivery.manager`, into the
   * tables of `delivery.tables`: that transaction also moves the checkpoint.
   */
  readonly handlers: readonly EventHandler<Manager>[] | EventBatchHandler<Manager>;
  /**
   * Names under which the application reads what the handlers write. Each is a view of the table of the generation that
   * is live: `order_totals` of `order_totals_1`. A rebuild fills `order_totals_2` beside it, and the view changes over.
   * @defaultValue none: the handlers write into tables of the application's own, and it can't be rebuilt
   */
  readonly tables?: readonly string[];
  /** Creates the tables of a generation; their quoted names by those in `tables`. */
  readonly create?: (manager: Manager, tables: Readonly<Record<string, string>>) => unknown;
  /** Parts of the streams that are handled at the same time, each in its own order. @defaultValue 1 */
  readonly partitions?: number;
  /** Events in one transaction, at most. More are faster and are repeated together when one fails. @defaultValue 500 */
  readonly batchSize?: number;
  /** Whether each event of `onEvent` has `before`, as those of consumers. @defaultValue false */
  readonly before?: boolean;
  /** How often an event is tried before its stream is parked. @defaultValue 5 */
  readonly attempts?: number;
}

/** Of one generation of a projection, as its consumer is called. */
export function generationName(projection: string, generation: number): string {
  return `${projection}@${generation}`;
}

/** The physical table of a generation. */
export function generationTable(table: string, generation: number): string {
  return `${table}_${generation}`;
}
