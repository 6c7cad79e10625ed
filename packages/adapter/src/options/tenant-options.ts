import type { BackstoryOptions } from './options.js';

export interface TenantOptions extends Omit<BackstoryOptions, 'schema'> {
  /**
   * The schemas of the tenants, each with tables of its own for the entities that name no schema: a list, or what gives it, such
   * as a query of the application's own table of tenants. A function is asked at the start, and by `names()` and `each()`.
   */
  tenants: readonly string[] | (() => readonly string[] | Promise<readonly string[]>);
  /**
   * Where a tenant's history is: the PostgreSQL schema of Backstory's tables for it. No two tenants may have the same.
   * @defaultValue `backstory_` and the tenant's schema
   */
  schema?: (tenant: string) => string;
  /**
   * PostgreSQL schema of the one table by which all instances hear of changes of every tenant's history.
   * @defaultValue 'backstory_tenants'
   */
  registry?: string;
  /**
   * `start`: when the call resolves, every later write of these tenants is captured. `asked`: a tenant is opened by `of()`; until
   * then its writes are captured if it has been installed before, and its reads are rows in every stage.
   * @defaultValue 'start'
   */
  open?: 'start' | 'asked';
  /** How many tenants are opened, or worked on by `each`, at once. Each needs a connection of the pool. @defaultValue 4 */
  concurrency?: number;
  /**
   * Told of a tenant that can't be opened at the start, such as one whose tables are half migrated: the others go on, and
   * nothing of this one is captured that wasn't before. `of()` tries it again.
   * @defaultValue the start fails, with all of them named
   */
  onFailure?: (tenant: string, error: Error) => void;
}
