import type { DataSource, QueryRunner } from 'typeorm';
import type { Backstory } from '../backstory/index.js';
import { BackstoryError } from '../errors.js';
import type { HistoryLinks, LinkedHistory } from './history-links.js';
import type { ReplayCache } from '../replay/index.js';
import { replayCacheOf } from './replay-cache-of.js';
import type { TenantOptions } from '../options/index.js';
import { TenantRegistry, TenantsWatch } from '../tenants/index.js';
import {
  changedTables,
  endWithDataSource,
  poolDatabase,
  poolOf,
  renewWithMigrations,
  sendContextWithStatements,
  watchCaptureFailures,
} from '../connections/index.js';
import { interceptReads, TenantReads } from '../reads/index.js';

interface OpenedTenant extends LinkedHistory {
  readonly tenant: string;
}

/** What the histories of all tenants have in common: one interception of reads, one look at their stages, one of each listener. */
export class TenantLinks {
  /** Replayed states of all tenants. */
  readonly cache: ReplayCache | undefined;
  private readonly members = new Map<string, OpenedTenant>();
  private readonly claimed = new Map<string, string>();
  private readonly reads: TenantReads;
  private readonly registry: TenantRegistry;
  private readonly watch: TenantsWatch;
  private readonly ends: (() => void)[];

  constructor(
    dataSource: DataSource,
    private readonly options: TenantOptions,
    onGone: (tenant: string) => void,
    close: () => Promise<void>,
  ) {
    const { logger, registry = 'backstory_tenants', stagePollMs = 500 } = options;
    const pool = poolOf(dataSource);
    this.cache = replayCacheOf(options);
    this.registry = new TenantRegistry(poolDatabase(pool), registry);
    this.reads = new TenantReads(dataSource, (entity) =>
      logger?.warn(
        `The key of "${entity}" is of other types for some tenants than for others, so its rows are returned as they are for all. Bring their tables to the same form.`,
      ),
    );
    this.watch = new TenantsWatch(
      this.registry,
      stagePollMs,
      (error) =>
        logger?.warn(
          `Could not read where the tenants stand, going on with the last known: ${(error as Error).message}`,
        ),
      (schema) => {
        const tenant = this.tenantOf(schema);
        if (tenant !== undefined) onGone(tenant);
      },
    );
    this.ends = [
      interceptReads(dataSource, this.reads),
      sendContextWithStatements(pool),
      watchCaptureFailures(pool, (schema) => this.members.get(schema)?.mends),
      endWithDataSource(dataSource, close),
    ];
    renewWithMigrations(dataSource, {
      schema: registry,
      schemas: (queryRunner) => this.changedIn(queryRunner),
      warn: (message) => logger?.warn(message),
      afterwards: async () => {
        for (const { afterMigrations } of this.members.values()) await afterMigrations();
      },
    });
  }

  opened(): OpenedTenant[] {
    return [...this.members.values()];
  }

  /** Whose history a schema is, of those that are open or being opened. */
  tenantOf(schema: string): string | undefined {
    return this.claimed.get(schema);
  }

  /** Opens a tenant's history so that changes of it are seen from the start. */
  async open(
    tenant: string,
    schema: string,
    openHistory: (link: HistoryLinks['link']) => Promise<Backstory>,
  ): Promise<Backstory> {
    this.claimed.set(schema, tenant);
    try {
      const before = await this.registry.version(schema);
      if (before === undefined && this.options.install === 'check') throw this.notRegistered(tenant);
      let linked: LinkedHistory | undefined;
      const backstory = await openHistory((history) => {
        linked = history;
        return () => this.forget(history);
      });
      if (!linked) return backstory;
      const version = before ?? (await this.register(tenant, linked));
      this.members.set(schema, { ...linked, tenant });
      linked.stages.onRead = () => this.reads.changed();
      this.reads.add(linked.reads);
      this.watch.add(schema, version, linked.stages);
      return backstory;
    } catch (error) {
      this.claimed.delete(schema);
      throw error;
    }
  }

  async end(): Promise<void> {
    for (const end of this.ends) end();
    await this.watch.stop();
    this.cache?.close();
  }

  private forget({ schema, reads }: LinkedHistory): void {
    this.members.delete(schema);
    this.claimed.delete(schema);
    this.reads.delete(reads);
    this.watch.delete(schema);
  }

  private async register(tenant: string, { schema, stages, close }: LinkedHistory): Promise<string> {
    try {
      await this.registry.add(schema, tenant);
      const version = await this.registry.version(schema);
      await stages.refresh();
      return version ?? '';
    } catch (error) {
      await close();
      throw error;
    }
  }

  private notRegistered(tenant: string): BackstoryError {
    return new BackstoryError(
      'NOT_INSTALLED',
      `The history of tenant "${tenant}" is not installed, or not in the table of all tenants (schema "${this.registry.schema}").`,
      `Run "npx backstory install --tenants ${tenant} --data-source <file>" as a role that may create tables and triggers.`,
    );
  }

  /** The histories of the tables that a migration has changed; all, where nobody can tell. */
  private async changedIn(queryRunner: QueryRunner): Promise<string[]> {
    const changed = await changedTables(queryRunner);
    const all = this.opened();
    if (!changed) return all.map(({ schema }) => schema);
    const oids = new Set(changed.map(({ oid }) => oid));
    const schemas = new Set(changed.map(({ schema }) => schema));
    const isMeant = ({ tenant, mappings }: OpenedTenant): boolean =>
      schemas.has(tenant) || tablesOf(mappings()).some((oid) => oids.has(oid));
    return all.filter(isMeant).map(({ schema }) => schema);
  }
}

function tablesOf(mappings: ReturnType<LinkedHistory['mappings']>): number[] {
  return mappings.flatMap((root) => [root, ...root.parts]).map(({ table }) => table.oid);
}
