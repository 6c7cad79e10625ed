import { InvalidOptionsError } from '@backstory/adapter';
import { Controller, type DynamicModule, Module, type Type, UseGuards } from '@nestjs/common';
import { getBackstoryToken } from '../backstory.tokens.js';
import { HISTORY_BACKSTORY, HISTORY_OPTIONS } from './history.tokens.js';
import { HistoryController } from './history.controller.js';
import { ShownAggregates } from './shown-aggregates.js';
import type { BackstoryHistoryModuleOptions } from './history-options.js';

/**
 * `GET history/:category/:id`: the changes of one entity, newest first, for an application's own pages.
 * Beside `BackstoryModule` in the root module.
 * @example
 * BackstoryHistoryModule.forRoot({ guards: [AuthGuard], aggregates: [{ aggregate: Order, hide: ['internalNote'] }] })
 */
@Module({})
export class BackstoryHistoryModule {
  /** @throws InvalidOptionsError where neither `guards` nor `open` say who may read, and for options that can't be meant */
  static forRoot(options: BackstoryHistoryModuleOptions): DynamicModule {
    const { imports = [], dataSource } = options;
    requireSense(options);
    return {
      module: BackstoryHistoryModule,
      imports,
      controllers: [mounted(options)],
      providers: [
        ShownAggregates,
        { provide: HISTORY_OPTIONS, useValue: options },
        { provide: HISTORY_BACKSTORY, useExisting: getBackstoryToken(dataSource) },
      ],
    };
  }
}

/** A class of its own, so that there may be several, with other paths and other guards. */
function mounted({ path = 'history', guards = [], decorators = [] }: BackstoryHistoryModuleOptions): Type {
  class MountedHistory extends HistoryController {}
  Controller(path)(MountedHistory);
  UseGuards(...guards)(MountedHistory);
  for (const decorate of decorators) decorate(MountedHistory);
  return MountedHistory;
}

function requireSense({ guards = [], open, limit }: BackstoryHistoryModuleOptions): void {
  if (guards.length === 0 && (open as unknown) !== true) {
    throw new InvalidOptionsError(
      'BackstoryHistoryModule has no guard: everybody who reaches the application could read every history.',
      'Give it "guards", or say "open: true" where a global guard stands before it, or everybody may.',
    );
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1 && limit <= 500))
    throw new InvalidOptionsError(
      `limit ${limit} is no number of entries.`,
      'Use a whole number from 1 to 500.',
    );
}
