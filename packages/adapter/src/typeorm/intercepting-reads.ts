import type { QueryRunner } from 'typeorm';
import type { Alias, Select } from './row-identity.js';

/** What TypeORM's query builder notes of a query. */
export interface QueryShape {
  readonly selects: readonly Select[];
  readonly take?: number;
  readonly limit?: number;
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
  plan(aliases: readonly Alias[], query: QueryShape): PlannedRead | undefined;
}
