export { TenantRegistry } from './tenant-registry.js';
export { TenantsWatch } from './tenants-watch.js';
