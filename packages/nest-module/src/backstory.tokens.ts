/** Injection token of the `Backstory` instance. By `Symbol.for`: the CommonJS and the ESM copy of this package agree. */
export const BACKSTORY = Symbol.for('backstory:Backstory');

/** Injection token of the instance for a DataSource with a name. */
export function getBackstoryToken(dataSource = 'default'): symbol {
  return dataSource === 'default' ? BACKSTORY : Symbol.for(`backstory:Backstory:${dataSource}`);
}

/** Injection token of the `Aggregates` of an entity, which `BackstoryModule.forFeature` provides. */
export function getAggregatesToken(entity: { readonly name: string }, dataSource = 'default'): symbol {
  return Symbol.for(`backstory:Aggregates:${dataSource}:${entity.name}`);
}

/** Injection token of the tenants of a DataSource. */
export function getTenantsToken(dataSource = 'default'): symbol {
  return Symbol.for(`backstory:Tenants:${dataSource}`);
}

/** Tokens inside the module. */
export const BACKSTORY_OPTIONS = Symbol.for('backstory:Options');
export const OWN_BACKSTORY = Symbol.for('backstory:OwnBackstory');
export const OWN_TENANTS = Symbol.for('backstory:OwnTenants');
export const DATA_SOURCE_NAME = Symbol.for('backstory:DataSourceName');
