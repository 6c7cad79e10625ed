import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { historiesOfDashboard } from '../wiring/histories-of-dashboard.js';
import { DASHBOARD_GUARDED, DASHBOARD_OPTIONS, DASHBOARD_PATH } from './dashboard.tokens.js';
import { DashboardAddress } from './dashboard-address.js';
import { dashboardControllers } from './dashboard-controllers.js';
import type {
  BackstoryDashboardModuleAsyncOptions,
  BackstoryDashboardModuleOptions,
} from './dashboard-options.js';

/**
 * A dashboard in the application itself, beside `BackstoryModule`, `BackstoryTenantsModule` or both in the root module. Outside of development nobody sees it
 * until `guards` or `authorize` say who may.
 * @example
 * BackstoryDashboardModule.forRoot({ path: 'ops/backstory', guards: [AdminGuard], allowChanges: true })
 */
@Module({})
export class BackstoryDashboardModule {
  static forRoot({
    path,
    guards,
    dataSource,
    imports,
    ...options
  }: BackstoryDashboardModuleOptions = {}): DynamicModule {
    return moduleWith(
      { path, guards, dataSource, imports },
      { provide: DASHBOARD_OPTIONS, useValue: options },
    );
  }

  /**
   * As `forRoot`, with what decides about requests from the configuration.
   * @example
   * BackstoryDashboardModule.forRootAsync({
   *   path: 'ops/backstory',
   *   guards: [AdminGuard],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ allowChanges: config.get('ALLOW_CHANGES') === 'yes' }),
   * })
   */
  static forRootAsync({
    path,
    guards,
    dataSource,
    imports,
    inject = [],
    useFactory,
  }: BackstoryDashboardModuleAsyncOptions): DynamicModule {
    return moduleWith(
      { path, guards, dataSource, imports },
      { provide: DASHBOARD_OPTIONS, inject, useFactory },
    );
  }
}

function moduleWith(
  {
    path = 'backstory',
    guards = [],
    dataSource,
    imports = [],
  }: Pick<BackstoryDashboardModuleOptions, 'path' | 'guards' | 'dataSource' | 'imports'>,
  options: Provider,
): DynamicModule {
  return {
    module: BackstoryDashboardModule,
    imports,
    controllers: dashboardControllers(path, guards),
    providers: [
      options,
      { provide: DASHBOARD_GUARDED, useValue: guards.length > 0 },
      { provide: DASHBOARD_PATH, useValue: path },
      historiesOfDashboard(dataSource),
      DashboardAddress,
    ],
  };
}
