import { createBackstoryForTenants, type TenantBackstories, type TenantOptions } from '@backstory/adapter';
import {
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_INTERCEPTOR, DiscoveryModule, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { BACKSTORY_OPTIONS, getTenantsToken, OWN_DATA_SOURCE, OWN_TENANTS } from './backstory.tokens.js';
import type { BackstoryDataSource, BackstoryModuleOptions } from './backstory-module.options.js';
import { CaptureContextInterceptor } from './context/capture-context.interceptor.js';
import { openHttpContexts } from './context/open-http-contexts.js';
import { aggregatesOf } from './feature-aggregates.js';
import { dataSourceOfModule } from './wiring/data-source-of-module.js';
import { HandlersBesideTenants } from './wiring/handlers-beside-tenants.js';

/** As for `createBackstoryForTenants`, and what the events of a request's writes say of who made them. */
export type BackstoryTenantsModuleOptions = TenantOptions & Pick<BackstoryModuleOptions, 'context'>;

/**
 * Gives each tenant of one DataSource a history of its own, where a request chooses its schema by `search_path`. For entities that
 * name a schema import `BackstoryModule` beside it. `@OnEvent` methods are of that one; consumers of a tenant are
 * defined on its handle. `BackstoryDashboardModule` shows the tenants, and that one.
 */
@Global()
@Module({})
export class BackstoryTenantsModule implements NestModule, OnApplicationShutdown {
  constructor(
    @Inject(OWN_TENANTS) private readonly tenants: TenantBackstories,
    @Inject(HttpAdapterHost) private readonly http: Partial<HttpAdapterHost>,
  ) {}

  /**
   * Import once, in the root module, beside `TypeOrmModule.forRoot`.
   * @example BackstoryTenantsModule.forRoot({ tenants: ['acme', 'globex'] })
   */
  static forRoot({
    dataSource: name,
    context,
    ...options
  }: BackstoryTenantsModuleOptions & BackstoryDataSource): DynamicModule {
    const token = getTenantsToken(name);
    return {
      module: BackstoryTenantsModule,
      imports: [DiscoveryModule],
      providers: [
        { provide: BACKSTORY_OPTIONS, useValue: { context } },
        dataSourceOfModule('BackstoryTenantsModule', name),
        {
          provide: OWN_TENANTS,
          inject: [OWN_DATA_SOURCE, ModulesContainer],
          useFactory: (dataSource: DataSource, modules: ModulesContainer) => {
            const aggregates = aggregatesOf(modules, name ?? 'default', options.aggregates);
            return createBackstoryForTenants(dataSource, {
              logger: new Logger('Backstory'),
              ...options,
              ...(aggregates && { aggregates }),
            });
          },
        },
        { provide: token, useExisting: OWN_TENANTS },
        HandlersBesideTenants,
        { provide: APP_INTERCEPTOR, useClass: CaptureContextInterceptor },
      ],
      exports: [token],
    };
  }

  /** Called by Nest for applications with an HTTP server, before it registers middleware and routes. */
  configure(): void {
    if (this.http.httpAdapter) openHttpContexts(this.http.httpAdapter);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tenants.close();
  }
}
