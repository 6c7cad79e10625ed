import type { Backstory } from '../backstory/index.js';
import { InvalidOptionsError } from '../errors.js';
import { historyOf, TenantBackstories } from '../opening/index.js';
import { mendCapture } from '../installing/index.js';
import type { AggregateSelection } from '../mapping/index.js';
import type { BackstoryLogger, BackstoryOptions, TenantOptions } from '../options/index.js';
import { storedSelection } from '../aggregates/index.js';
import { TenantRegistry } from '../tenants/index.js';
import { type DataSource, poolDatabase, poolOf, tenantDataSource } from '../connections/index.js';
import { schemasOfTenants } from '../entities/index.js';
import { loadConfig } from './load-config.js';
import { type ApplicationOptions, connect } from './open-backstory.js';

/** The tenants that a command is for. */
export interface OpenedTenants {
  readonly dataSource: DataSource;
  readonly names: readonly string[];
  /** Schemas that were left out, with the reason in words. */
  readonly leftOut: readonly string[];
  readonly registry: string;
  readonly historyOf: (tenant: string) => string;
  /** What is captured of a tenant: as the configuration says, or as at its last start; of a new one, as of another. */
  readonly selectionOf: (tenant: string) => Promise<AggregateSelection & { missingTables?: 'wait' }>;
  readonly open: (tenant: string, logger: BackstoryLogger) => Promise<Backstory>;
  close(): Promise<void>;
}

const defaultRegistry = 'backstory_tenants';

type Configuration = Partial<TenantOptions> & { schema?: unknown };

/**
 * The tenants that the options or the configuration name; undefined where they name none.
 * @throws InvalidOptionsError
 */
export async function openTenants(
  options: ApplicationOptions,
  { install = 'check', ofOneTenant = false }: { install?: 'auto' | 'check'; ofOneTenant?: boolean } = {},
): Promise<OpenedTenants | undefined> {
  const config = options.config && !options.app ? ((await loadConfig(options.config)) as Configuration) : {};
  const given = [options.tenants, options.tenantsQuery, options.allTenants].filter(
    (each) => each !== undefined,
  );
  if (given.length === 0 && config.tenants === undefined) return undefined;
  if (given.length > 1)
    throw new InvalidOptionsError(
      'The tenants are named in more than one way.',
      'Use one of --tenants, --tenants-query and --all-tenants.',
    );
  if (options.app)
    throw new InvalidOptionsError(
      'Tenants are named together with --app.',
      'Name the DataSource: --data-source dist/data-source.js.',
    );
  const dataSource = await connect(options);
  try {
    const { names, leftOut } = await namesOf(dataSource, options, config);
    if (ofOneTenant && names.length !== 1)
      throw new InvalidOptionsError(
        `This command is for one tenant, and ${names.length} are named.`,
        'Name one: --tenants acme.',
      );
    return opened(dataSource, names, leftOut, options, config, install);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

function opened(
  dataSource: DataSource,
  names: readonly string[],
  leftOut: readonly string[],
  options: ApplicationOptions,
  config: Configuration,
  install: 'auto' | 'check',
): OpenedTenants {
  const schema = schemaFunction(options.schema, config.schema);
  const { tenants: _tenants, schema: _schema, onFailure: _onFailure, ...rest } = config;
  const ofTenant = (tenant: string): string => historyOf(tenant, schema);
  const isNamed = rest.aggregates !== undefined || rest.exclude !== undefined;
  const { registry = defaultRegistry } = rest;
  let ofAnother: ReturnType<typeof storedSelection> | undefined;
  const selectionOf: OpenedTenants['selectionOf'] = async (tenant) => {
    if (isNamed)
      return {
        ...(rest.aggregates && { aggregates: rest.aggregates }),
        ...(rest.exclude && { exclude: rest.exclude }),
      };
    const stored =
      (await storedSelection(tenantDataSource(dataSource, tenant), ofTenant(tenant))) ??
      (await (ofAnother ??= selectionOfAny(dataSource, registry)));
    // What is captured already is looked after, whatever the entities say that the tables don't have yet.
    return stored ? { ...stored, missingTables: 'wait' } : {};
  };
  const tenants = new TenantBackstories(dataSource, {
    ...rest,
    ...(schema && { schema }),
    tenants: names,
    install,
  });
  return {
    dataSource,
    names,
    leftOut,
    registry,
    historyOf: ofTenant,
    selectionOf,
    open: async (tenant, logger) => {
      if (install === 'auto') await mendCapture(dataSource, ofTenant(tenant));
      const own: Partial<BackstoryOptions> = { ...(await selectionOf(tenant)), logger };
      return tenants.openWith(tenant, own);
    },
    close: async () => {
      await tenants.close();
      await dataSource.destroy();
    },
  };
}

/** What the application has named for a tenant that it has, for one that it doesn't have yet. */
async function selectionOfAny(
  dataSource: DataSource,
  registry: string,
): Promise<AggregateSelection | undefined> {
  const histories = await new TenantRegistry(poolDatabase(poolOf(dataSource)), registry).histories();
  for (const { schema, tenant } of histories) {
    const stored = await storedSelection(tenantDataSource(dataSource, tenant), schema);
    if (stored) return stored;
  }
  return undefined;
}

/** @throws InvalidOptionsError for one schema for all */
function schemaFunction(
  given: string | undefined,
  configured: unknown,
): ((tenant: string) => string) | undefined {
  if (given === undefined)
    return typeof configured === 'function' ? (configured as (tenant: string) => string) : undefined;
  if (given.includes('{tenant}')) return (tenant) => given.replaceAll('{tenant}', tenant);
  throw new InvalidOptionsError(
    `--schema ${given} is one for all tenants.`,
    "Say where each tenant's is: --schema 'backstory_{tenant}'.",
  );
}

async function namesOf(
  dataSource: DataSource,
  { tenants, tenantsQuery, allTenants }: ApplicationOptions,
  config: Configuration,
): Promise<{ names: string[]; leftOut: string[] }> {
  if (tenants !== undefined) return listed(tenants.split(',').map((name) => name.trim()));
  const sql = poolDatabase(poolOf(dataSource));
  if (tenantsQuery !== undefined) {
    const rows = await sql.execute<Record<string, unknown>>(tenantsQuery);
    return listed(rows.map((row) => String(Object.values(row)[0])));
  }
  if (allTenants) {
    const { aggregates, exclude } = config;
    const found = await schemasOfTenants(dataSource, sql, {
      ...(aggregates && { aggregates }),
      ...(exclude && { exclude }),
    });
    // a tenant with a history is one, whatever has become of its tables
    const { registry = defaultRegistry } = config;
    const histories = await new TenantRegistry(sql, registry).histories();
    const registered = histories.map(({ tenant }) => tenant);
    const whole = found.filter(({ missing }) => missing.length === 0).map(({ schema }) => schema);
    return {
      ...listed([...new Set([...whole, ...registered])].sort()),
      leftOut: found
        .filter(({ schema, missing }) => missing.length > 0 && !registered.includes(schema))
        .map(({ schema, missing }) => `${schema} is left out: it has no ${missing.join(', ')}`),
    };
  }
  const named = config.tenants as TenantOptions['tenants'];
  return listed(typeof named === 'function' ? await named() : named);
}

function listed(names: readonly string[]): { names: string[]; leftOut: string[] } {
  const all = [...new Set(names)].filter((name) => name !== '');
  if (all.length > 0) return { names: all, leftOut: [] };
  throw new InvalidOptionsError(
    'No tenant was found.',
    'Name schemas that have the tables: --tenants acme,globex.',
  );
}
