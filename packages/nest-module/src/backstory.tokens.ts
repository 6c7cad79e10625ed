import { forRootInWords } from './wiring/call-in-words.js';

/**
 * Injection token of the `Backstory` instance. By `Symbol.for`: the CommonJS and the ESM copy of this package agree. Nest prints the text of a
 * token that it doesn't find, so it says who provides it.
 * @example const backstory = moduleRef.get<Backstory>(BACKSTORY);
 */
export const BACKSTORY = Symbol.for('Backstory, of BackstoryModule.forRoot() in the root module');

/**
 * Injection token of the instance for a DataSource with a name.
 * @example const backstory = moduleRef.get<Backstory>(getBackstoryToken('archive'));
 */
export function getBackstoryToken(dataSource = 'default'): symbol {
  return Symbol.for(`Backstory, of ${forRootInWords('BackstoryModule', dataSource)} in the root module`);
}

/**
 * Injection token of the `Aggregates` of an entity, which `BackstoryModule.forFeature` provides.
 * @example const orders = moduleRef.get<Aggregates<Order>>(getAggregatesToken(Order));
 */
export function getAggregatesToken(entity: { readonly name: string }, dataSource = 'default'): symbol {
  const given = `[${entity.name}]${dataSource === 'default' ? '' : `, '${dataSource}'`}`;
  return Symbol.for(
    `Aggregates of Backstory, of BackstoryModule.forFeature(${given}) in this module's imports`,
  );
}

/**
 * Injection token of the tenants of a DataSource.
 * @example const tenants = moduleRef.get<TenantBackstories>(getTenantsToken());
 */
export function getTenantsToken(dataSource = 'default'): symbol {
  const call = forRootInWords('BackstoryTenantsModule', dataSource);
  return Symbol.for(`Tenants of Backstory, of ${call} in the root module`);
}

/** Tokens inside the module. */
export const BACKSTORY_OPTIONS = Symbol.for('backstory:Options');
export const OWN_BACKSTORY = Symbol.for('backstory:OwnBackstory');
export const OWN_DATA_SOURCE = Symbol.for('backstory:OwnDataSource');
export const OWN_TENANTS = Symbol.for('backstory:OwnTenants');
export const DATA_SOURCE_NAME = Symbol.for('backstory:DataSourceName');
