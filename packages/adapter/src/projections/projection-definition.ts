import type { EventBatchHandler, EventHandler } from '../outbox/index.js';

/** What a DataSource has that a projection may live in. */
interface SourceOfTarget {
  readonly options: { readonly type: string };
  readonly isInitialized: boolean;
  createQueryRunner(): object;
}

/** Another database for a projection, and how its checkpoints are kept there. */
export interface ProjectionTarget {
  /** Of PostgreSQL, MySQL or MariaDB. */
  readonly dataSource: SourceOfTarget;
  /**
   * Where the tables are in which checkpoints are kept: a schema of PostgreSQL, a database of MySQL and MariaDB. It has to be there.
   * @defaultValue that of the connection
   */
  readonly schema?: string;
}

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
  /**
   * The DataSource of another database (PostgreSQL, MySQL, MariaDB) in which it lives: tables, views and checkpoint. `delivery.manager` is
   * of that DataSource. The application starts and goes on while that database is away. Where the DataSource isn't initialized yet, the
   * projection does it; who closes it is the application, after `consumers.stop()`.
   * @defaultValue the database of the log
   */
  readonly into?: SourceOfTarget | ProjectionTarget;
  /** Parts of the streams that are handled at the same time, each in its own order. @defaultValue 1 */
  readonly partitions?: number;
  /** Events in one transaction, at most. More are faster and are repeated together when one fails. @defaultValue 500 */
  readonly batchSize?: number;
  /** Whether each event has `before`, as those of consumers: also those of a batch, which is read for once. @defaultValue false */
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
