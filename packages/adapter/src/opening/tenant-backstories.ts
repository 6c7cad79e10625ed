import type { DataSource } from 'typeorm';
import { readTenants, type TenantOverview, withinTimeLimit } from '../admin/index.js';
import { type Backstory, inTurns } from '../backstory/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { historyOf } from './history-of.js';
import { openHistory } from './open-history.js';
import { TenantLinks } from './tenant-links.js';
import type { BackstoryOptions, TenantOptions } from '../options/index.js';
import { requireTenant, poolDatabase, poolOf, tenantDataSource } from '../connections/index.js';
import { tablesElsewhere } from '../entities/index.js';

/** What came of the work for one tenant: its result, or the error that it failed with. */
export interface TenantOutcome<Result> {
  readonly tenant: string;
  readonly result?: Result;
  readonly error?: Error;
}

/** The histories of the tenants of one DataSource. Made by `createBackstoryForTenants`. */
export class TenantBackstories {
  private readonly links: TenantLinks;
  private readonly byTenant = new Map<string, Promise<Backstory>>();
  private closing: Promise<void> | undefined;

  /** @internal */
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: TenantOptions,
  ) {
    // whatever can't work with any tenant is said at once
    tenantDataSource(dataSource, 'any');
    this.links = new TenantLinks(
      dataSource,
      options,
      (schema) => this.gone(schema),
      () => this.close(),
    );
  }

  /**
   * The history of one tenant, opened where it isn't yet: also of a tenant that has come since the start. A look-up from the
   * second time on.
   * @throws BackstoryError UNKNOWN_TENANT where there is no such schema, and what `createBackstory` throws
   * @example const acme = await tenants.of('acme');
   */
  async of(tenant: string): Promise<Backstory> {
    return this.openWith(tenant, {});
  }

  /** @internal With options of its own, where it isn't open yet. */
  async openWith(tenant: string, ofItsOwn: Partial<BackstoryOptions>): Promise<Backstory> {
    if (this.closing) throw closed();
    const known = this.byTenant.get(tenant);
    if (known) return known;
    const opening = this.open(tenant, ofItsOwn);
    this.byTenant.set(tenant, opening);
    // the next one who asks tries again
    opening.catch(() => this.byTenant.delete(tenant));
    return opening;
  }

  /**
   * Those that the options name now, and those that have been opened beside them.
   * @example const names = await tenants.names();
   */
  async names(): Promise<string[]> {
    const { tenants } = this.options;
    const named = typeof tenants === 'function' ? await tenants() : tenants;
    return [...new Set([...named, ...this.byTenant.keys()])];
  }

  /**
   * Where all tenants stand, or those that are named, in the order of the list: what a few queries tell, however many there are. Opens none
   * of them.
   * @throws BackstoryError QUERY_TIMED_OUT
   * @example
   * for (const { tenant, history } of await tenants.overview())
   *   if (history === null || history.unverified + history.drifted > 0) console.log(`Look at ${tenant}.`);
   */
  async overview(tenants?: readonly string[]): Promise<TenantOverview[]> {
    const asked = (tenants ?? (await this.names())).map((tenant) => ({
      tenant,
      schema: historyOf(tenant, this.options.schema),
    }));
    return withinTimeLimit(poolDatabase(poolOf(this.dataSource)), (sql) => readTenants(sql, asked));
  }

  /**
   * Runs `work` for every tenant, or for those that are named, a few at a time. One that fails keeps no other from its turn.
   * @returns what came of each, in the order of their names' list
   * @example
   * const reports = await tenants.each((backstory) => backstory.verify());
   */
  async each<Result>(
    work: (backstory: Backstory, tenant: string) => Promise<Result>,
    {
      tenants,
      concurrency = this.options.concurrency ?? 4,
    }: { tenants?: readonly string[]; concurrency?: number } = {},
  ): Promise<TenantOutcome<Result>[]> {
    return inTurns(tenants ?? (await this.names()), concurrency, async (tenant) => {
      try {
        return { tenant, result: await work(await this.of(tenant), tenant) };
      } catch (error) {
        return { tenant, error: error instanceof Error ? error : new Error(String(error)) };
      }
    });
  }

  /**
   * Lets go of a tenant, such as one that is about to be dropped. Its capture and its history stay in the database.
   * @example await tenants.forget('acme');
   */
  async forget(tenant: string): Promise<void> {
    const known = this.byTenant.get(tenant);
    this.byTenant.delete(tenant);
    await (await known?.catch(() => undefined))?.close();
  }

  /**
   * Stops the background work of all. Capture goes on: it is in the database. The DataSource stays open.
   * @example await tenants.close();
   */
  close(): Promise<void> {
    return (this.closing ??= this.release());
  }

  /** @internal Schemas that have the tables of the tenants, and are none. */
  async sayWhoIsMissing(): Promise<void> {
    const [any] = this.links.opened();
    if (!any) return;
    const { searchSchema } = this.dataSource.driver as { searchSchema?: string };
    const found = await tablesElsewhere(this.dataSource, poolDatabase(any.pool), any.mappings());
    const schemas = [...new Set(found.flatMap((each) => each.schemas))].filter(
      (each) => each !== searchSchema,
    );
    if (schemas.length === 0) return;
    this.options.logger?.warn(
      `Not captured: ${schemas.slice(0, 6).join(', ')}${schemas.length > 6 ? ` and ${schemas.length - 6} more schemas` : ''}, with tables like those of the tenants, ` +
        'named by nobody as tenants. If they are: add them to "tenants", or call of() for each.',
    );
  }

  private async open(tenant: string, ofItsOwn: Partial<BackstoryOptions>): Promise<Backstory> {
    const {
      tenants: _tenants,
      schema,
      registry: _registry,
      open: _open,
      concurrency: _,
      onFailure: _onFailure,
      ...options
    } = this.options;
    const history = historyOf(tenant, schema);
    this.requireOwnHistory(tenant, history);
    const view = tenantDataSource(this.dataSource, tenant);
    await requireTenant(this.dataSource, tenant);
    const { logger } = options;
    const { cache } = this.links;
    const say = (way: 'log' | 'warn') => (message: string) => logger?.[way](`${tenant}: ${message}`);
    return this.links.open(tenant, history, (link) =>
      openHistory(
        view,
        {
          ...options,
          ...ofItsOwn,
          schema: history,
          ...(logger && { logger: { log: say('log'), warn: say('warn') } }),
        },
        { tenant, link, ...(cache && { cache }) },
      ),
    );
  }

  private requireOwnHistory(tenant: string, history: string): void {
    if (history === '' || Buffer.byteLength(history) > 63)
      throw new InvalidOptionsError(
        `The history of tenant "${tenant}" would be in schema "${history}", which is longer than PostgreSQL's names.`,
        'Give shorter ones: schema: (tenant) => …, at most 63 bytes.',
      );
    const other = this.links.tenantOf(history);
    if (other === undefined || other === tenant) return;
    throw new InvalidOptionsError(
      `The tenants "${other}" and "${tenant}" would have one history, in schema "${history}".`,
      'Let schema: (tenant) => … give each its own.',
    );
  }

  /** Dropped by somebody: what is known of it is of no use any more. */
  private gone(tenant: string): void {
    this.options.logger?.warn(`${tenant}: its history is gone, so it is read and written without one.`);
    void this.forget(tenant).catch(() => undefined);
  }

  private async release(): Promise<void> {
    const all = [...this.byTenant.values()];
    await Promise.all(all.map(async (each) => (await each.catch(() => undefined))?.close()));
    await this.links.end();
    this.byTenant.clear();
  }
}

function closed(): BackstoryError {
  return new BackstoryError(
    'INVALID_OPTIONS',
    'The tenants have been closed.',
    'Open them again with createBackstoryForTenants().',
  );
}
