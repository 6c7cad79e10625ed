import type { DataSource, DataSourceOptions } from 'typeorm';

/** A database of its own for projections, beside the one of the log. */
export interface Target {
  readonly kind: 'postgres' | 'mariadb';
  /** JSON, for processes, too. */
  readonly options: DataSourceOptions;
  /** For the test's own questions. */
  readonly dataSource: DataSource;
  /** Nobody gets in, and who was in is out. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Ends connections of others: all, or each by this chance. @returns how many */
  terminate(chance?: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens targets of one kind, after `start`. */
export interface TargetServer {
  readonly kind: Target['kind'];
  readonly available: boolean;
  start(): Promise<void>;
  open(): Promise<Target>;
  stop(): Promise<void>;
}
