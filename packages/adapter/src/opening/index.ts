export { createBackstoryForTenants } from './create-backstory-for-tenants.js';
export { createBackstory } from './create-backstory.js';
export { historyOf } from './history-of.js';
export { TenantBackstories, type TenantOutcome } from './tenant-backstories.js';
