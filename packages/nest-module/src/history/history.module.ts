import { InvalidOptionsError } from '@backstory/adapter';
import { Controller, type DynamicModule, Module, type Provider, type Type, UseGuards } from '@nestjs/common';
import { getBackstoryToken } from '../backstory.tokens.js';
import { describeRoute } from './describe-route.js';
import { HISTORY_BACKSTORY, HISTORY_DESCRIBED, HISTORY_OPTIONS } from './history.tokens.js';
import { HistoryController, longestPage } from './history.controller.js';
import { ShownAggregates } from './shown-aggregates.js';
import type {
  BackstoryHistoryModuleAsyncOptions,
  BackstoryHistoryModuleOptions,
  HistoryMount,
  HistoryOptions,
} from './history-options.js';

/**
 * `GET history/:category/:id`: the changes of one entity, newest first, for an application's own pages.
 * Beside `BackstoryModule` in the root module.
 * @example
 * BackstoryHistoryModule.forRoot({ guards: [AdminGuard], aggregates: [{ aggregate: Order, hide: ['shipping.street'] }] })
 */
@Module({})
export class BackstoryHistoryModule {
  /** @throws InvalidOptionsError where neither `guards` nor `open` say who may read, and for options that can't be meant */
  static forRoot(options: BackstoryHistoryModuleOptions): DynamicModule {
    const { aggregates, limit, ...mount } = options;
    const shown = { ...(aggregates && { aggregates }), ...(limit !== undefined && { limit }) };
    requireSense(shown);
    return moduleWith(mount, { provide: HISTORY_OPTIONS, useValue: shown });
  }

  /**
   * As `forRoot`, with `aggregates` and `limit` from the configuration. Path and guards are given beside the factory: the route has
   * them before anything is injected.
   * @throws InvalidOptionsError as `forRoot`; for what the factory gives when the application starts
   * @example
   * BackstoryHistoryModule.forRootAsync({
   *   guards: [AdminGuard],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ aggregates: [Order], limit: config.get<number>('HISTORY_LIMIT') }),
   * })
   */
  static forRootAsync(options: BackstoryHistoryModuleAsyncOptions): DynamicModule {
    const { inject = [], useFactory, ...mount } = options;
    return moduleWith(mount, {
      provide: HISTORY_OPTIONS,
      inject,
      useFactory: async (...injected: unknown[]) => {
        const shown = await useFactory(...injected);
        requireSense(shown);
        return shown;
      },
    });
  }
}

function moduleWith(mount: HistoryMount, options: Provider): DynamicModule {
  const { imports = [], dataSource } = mount;
  requireAccess(mount);
  return {
    module: BackstoryHistoryModule,
    imports,
    controllers: [mounted(mount)],
    providers: [
      ShownAggregates,
      options,
      { provide: HISTORY_BACKSTORY, useExisting: getBackstoryToken(dataSource) },
      { provide: HISTORY_DESCRIBED, useFactory: describeRoute },
    ],
  };
}

/** A class of its own, so that there may be several, with other paths and other guards. An OpenAPI document calls them by their paths. */
function mounted({ path = 'history', guards = [], decorators = [] }: HistoryMount): Type {
  class MountedHistory extends HistoryController {}
  Object.defineProperty(MountedHistory, 'name', { value: `${inPascalCase(path)}Controller` });
  Controller(path)(MountedHistory);
  UseGuards(...guards)(MountedHistory);
  for (const decorate of decorators) decorate(MountedHistory);
  return MountedHistory;
}

function inPascalCase(path: string): string {
  const words = path.split(/[^\p{L}\p{N}]+/u);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function requireAccess({ guards = [], open }: HistoryMount): void {
  if (guards.length > 0 || (open as unknown) === true) return;
  throw new InvalidOptionsError(
    'BackstoryHistoryModule has no guard: everybody who reaches the application could read every history.',
    'Give it "guards", or say "open: true" where a global guard stands before it, or everybody may.',
  );
}

function requireSense({ limit }: HistoryOptions): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 1 && limit <= longestPage)) return;
  throw new InvalidOptionsError(
    `limit ${limit} is no number of entries.`,
    `Use a whole number from 1 to ${longestPage}.`,
  );
}
