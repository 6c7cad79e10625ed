import { Backstory, type BackstoryOptions, createBackstory, type EntityTarget } from '@backstory/adapter';
import {
  type DynamicModule,
  Global,
  Inject,
  Logger,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { APP_INTERCEPTOR, DiscoveryModule, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import {
  BACKSTORY_OPTIONS,
  DATA_SOURCE_NAME,
  getBackstoryToken,
  OWN_BACKSTORY,
  OWN_DATA_SOURCE,
} from './backstory.tokens.js';
import type {
  BackstoryDataSource,
  BackstoryModuleAsyncOptions,
  BackstoryModuleOptions,
  BackstoryOptionsFactory,
} from './backstory-module.options.js';
import { CaptureContextInterceptor } from './context/capture-context.interceptor.js';
import { openHttpContexts } from './context/open-http-contexts.js';
import { EventConsumers } from './events/event-consumers.js';
import { aggregatesOf, BackstoryFeatureModule } from './feature-aggregates.js';
import { BackstoryHealthIndicator } from './health/backstory-health.indicator.js';
import { dataSourceOfModule } from './wiring/data-source-of-module.js';
import { requireOneModule } from './wiring/require-one-module.js';

/**
 * Gives the application's entities a history. Capture is installed while the module's providers are made: everything
 * written after `NestFactory.create()` is captured, before `listen()` too.
 */
@Global()
@Module({})
export class BackstoryModule implements NestModule, OnApplicationShutdown {
  constructor(
    @Inject(OWN_BACKSTORY) private readonly backstory: Backstory,
    @Inject(HttpAdapterHost) private readonly http: Partial<HttpAdapterHost>,
  ) {}

  /**
   * Import once, in the root module, beside `TypeOrmModule.forRoot`.
   * @example BackstoryModule.forRoot({ aggregates: ['all', { entity: Order, owns: ['lines', 'tags'] }], exclude: ['JobRecord'] })
   */
  static forRoot({
    dataSource,
    ...options
  }: BackstoryModuleOptions & BackstoryDataSource = {}): DynamicModule {
    return moduleWith(dataSource, [{ provide: BACKSTORY_OPTIONS, useValue: options }]);
  }

  /**
   * As `forRoot`, with options from the configuration: `useFactory`, `useClass` or `useExisting`.
   * @example
   * BackstoryModule.forRootAsync({ inject: [ConfigService], useFactory: (config: ConfigService) => ({ schema: config.get('HISTORY') }) })
   */
  static forRootAsync({ dataSource, imports, ...options }: BackstoryModuleAsyncOptions): DynamicModule {
    return {
      ...moduleWith(dataSource, optionsProviders(options)),
      imports: [DiscoveryModule, ...(imports ?? [])],
    };
  }

  /**
   * Captures these entities, with what their `@EventSourced` says. Import in the module that owns them.
   * @example BackstoryModule.forFeature([Order])
   */
  static forFeature(entities: readonly EntityTarget[], dataSource = 'default'): DynamicModule {
    return BackstoryFeatureModule.of({ dataSource, entities });
  }

  /** Called by Nest for applications with an HTTP server, before it registers middleware and routes. */
  configure(): void {
    if (this.http.httpAdapter) openHttpContexts(this.http.httpAdapter);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backstory.close();
  }
}

function moduleWith(name = 'default', optionsProvider: Provider[]): DynamicModule {
  const token = getBackstoryToken(name);
  return {
    module: BackstoryModule,
    imports: [DiscoveryModule],
    providers: [
      ...optionsProvider,
      dataSourceOfModule('BackstoryModule', name),
      {
        provide: OWN_BACKSTORY,
        inject: [OWN_DATA_SOURCE, BACKSTORY_OPTIONS, ModulesContainer],
        useFactory: (dataSource: DataSource, options: BackstoryModuleOptions, modules: ModulesContainer) => {
          requireOneModule(modules, name);
          return createBackstory(dataSource, {
            logger: new Logger('Backstory'),
            ...ofTheHistory(options),
            aggregates: aggregatesOf(modules, name, options.aggregates),
          });
        },
      },
      { provide: token, useExisting: OWN_BACKSTORY },
      { provide: DATA_SOURCE_NAME, useValue: name },
      EventConsumers,
      BackstoryHealthIndicator,
      { provide: APP_INTERCEPTOR, useClass: CaptureContextInterceptor },
    ],
    exports: [token, BackstoryHealthIndicator],
  };
}

/** Without those that are the module's own. */
function ofTheHistory({
  context: _,
  startConsumers: __,
  cqrs: ___,
  ...options
}: BackstoryModuleOptions): BackstoryOptions {
  return options;
}

function optionsProviders({
  useFactory,
  useClass,
  useExisting,
  inject,
}: BackstoryModuleAsyncOptions): Provider[] {
  if (useFactory) return [{ provide: BACKSTORY_OPTIONS, useFactory, inject: inject ?? [] }];
  const factory = useExisting ?? useClass;
  if (!factory)
    throw new Error('BackstoryModule.forRootAsync needs one of useFactory, useClass and useExisting.');
  return [
    ...(useClass ? [{ provide: useClass, useClass }] : []),
    {
      provide: BACKSTORY_OPTIONS,
      inject: [factory],
      useFactory: (options: BackstoryOptionsFactory) => options.createBackstoryOptions(),
    },
  ];
}
