import type { DataSource } from 'typeorm';
import { BackstoryError } from '../errors.js';

/** The parts of pg that are used; pg itself is the application's and is never imported. */
export interface PgClient {
  query(config: PgQuery): Promise<{ rows: unknown[] }>;
  getTypeParser(typeOid: number, format: 'text'): (text: string) => unknown;
}

export interface PgQuery {
  text: string;
  values?: unknown[];
  types?: { getTypeParser(typeOid: number): (text: string) => unknown };
}

export interface PooledClient extends PgClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(error?: Error): void;
}

export interface PgPool {
  readonly idleCount: number;
  readonly waitingCount: number;
  /** Whether somebody has ended it. */
  readonly ending?: boolean;
  connect: (this: PgPool, callback?: (...args: unknown[]) => void) => Promise<PooledClient>;
  on(event: 'acquire', listener: (client: PgClient) => void): unknown;
  off(event: 'acquire', listener: (client: PgClient) => void): unknown;
}

/**
 * The pool of the application's DataSource.
 * @throws BackstoryError for another driver, or before `initialize()`
 */
export function poolOf(dataSource: DataSource): PgPool {
  if (dataSource.options.type !== 'postgres') {
    throw new BackstoryError(
      'UNSUPPORTED_DRIVER',
      `The DataSource is of type "${dataSource.options.type}".`,
      'Backstory captures with PostgreSQL triggers: give it a DataSource of type "postgres".',
    );
  }
  const { master } = dataSource.driver as unknown as { master?: PgPool };
  if (!dataSource.isInitialized || !master) {
    throw new BackstoryError(
      'DATA_SOURCE_NOT_INITIALIZED',
      'The DataSource has no connection yet.',
      'Call "await dataSource.initialize()" before "createBackstory(dataSource)".',
    );
  }
  return master;
}
