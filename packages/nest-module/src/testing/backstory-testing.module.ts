import { backstoryWithoutDatabase, tenantsWithoutDatabase } from '@backstory/adapter/testing';
import type { Backstory } from '@backstory/adapter';
import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { Aggregates, type EntityClass } from '../aggregates.js';
import type { BackstoryDataSource } from '../backstory-module.options.js';
import {
  getAggregatesToken,
  getBackstoryToken,
  getTenantsToken,
  OWN_BACKSTORY,
} from '../backstory.tokens.js';
import { BackstoryHealthIndicator } from '../health/backstory-health.indicator.js';

export interface BackstoryTestingOptions extends BackstoryDataSource {
  /** Whose `Aggregates` are injected, where no module of the test imports `BackstoryModule.forFeature`. @defaultValue none */
  readonly entities?: readonly EntityClass[];
}

/**
 * Stands for `BackstoryModule` in unit tests: everything that it provides can be injected, nothing is opened, and there is no DataSource. What needs
 * a database rejects with `NO_DATABASE`; replace those methods of what the test gets by `module.get(BACKSTORY)`. `@OnEvent` methods are
 * called by nobody: a test calls them itself.
 * @example
 * const module = await Test.createTestingModule({
 *   imports: [BackstoryTestingModule.forRoot({ entities: [Order] })],
 *   providers: [PostService],
 * }).compile();
 */
@Global()
@Module({})
export class BackstoryTestingModule {
  /** In the place of `BackstoryModule.forRoot`, and of `BackstoryTenantsModule.forRoot`. */
  static forRoot({ dataSource, entities = [] }: BackstoryTestingOptions = {}): DynamicModule {
    const token = getBackstoryToken(dataSource);
    const tenants = getTenantsToken(dataSource);
    const aggregates = entities.map((entity) => ({
      provide: getAggregatesToken(entity, dataSource),
      inject: [token],
      useFactory: (backstory: Backstory) => new Aggregates(entity, backstory),
    })) satisfies Provider[];
    return {
      module: BackstoryTestingModule,
      providers: [
        { provide: token, useFactory: backstoryWithoutDatabase },
        { provide: OWN_BACKSTORY, useExisting: token },
        { provide: tenants, useFactory: tenantsWithoutDatabase },
        BackstoryHealthIndicator,
        ...aggregates,
      ],
      exports: [token, tenants, BackstoryHealthIndicator, ...aggregates.map(({ provide }) => provide)],
    };
  }
}
