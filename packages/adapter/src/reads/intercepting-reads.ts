import type { QueryRunner } from 'typeorm';
import type { PgClient } from '../connections/index.js';
import type { Alias, Select } from './row-identity.js';

/** What TypeORM's query builder notes of a query. */
export interface QueryShape {
  readonly selects: readonly Select[];
  readonly take?: number;
  readonly limit?: number;
  readonly skip?: number;
  readonly offset?: number;
  readonly joinAttributes?: readonly unknown[];
  readonly lockMode?: string;
  readonly groupBys?: readonly unknown[];
  readonly selectDistinct?: boolean;
  readonly selectDistinctOn?: readonly unknown[];
}

/** What is to be done for one query: what to add to it, and what to do with its rows before anybody else sees them. */
export interface PlannedRead {
  readonly selects: readonly Select[];
  readonly apply: (queryRunner: QueryRunner, rows: Record<string, unknown>[]) => Promise<void>;
}

/** Who takes part in the entity queries of a DataSource. */
export interface InterceptingReads {
  /** Histories of one kind are open once for each DataSource. */
  readonly kind: 'single' | 'tenants';
  /**
   * `isKept`: TypeORM keeps the result by the query's text, so it must be the same each time. `standby`: the connection to a replica that
   * the query goes to.
   */
  plan(
    aliases: readonly Alias[],
    query: QueryShape,
    isKept: boolean,
    standby: PgClient | undefined,
  ): PlannedRead | undefined;
}
