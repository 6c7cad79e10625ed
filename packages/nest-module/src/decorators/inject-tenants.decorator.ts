import { Inject } from '@nestjs/common';
import { getTenantsToken } from '../backstory.tokens.js';

/**
 * Injects the histories of all tenants: `constructor(@InjectTenants() private readonly tenants: TenantBackstories)`, then
 * `await this.tenants.of('acme')`. Takes the name of the DataSource where there are several.
 * @example constructor(@InjectTenants() private readonly tenants: TenantBackstories) {}
 */
export const InjectTenants = (dataSource?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getTenantsToken(dataSource));
