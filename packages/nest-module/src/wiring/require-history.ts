import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getBackstoryToken, getTenantsToken } from '../backstory.tokens.js';
import { forRootInWords } from './call-in-words.js';
import { WiringError } from './wiring-error.js';

const FEATURE_WIRING = Symbol.for('backstory:FeatureWiring');

/** Whether a module of the application provides the history of this DataSource, or those of its tenants. */
export function hasHistory(modules: ModulesContainer, dataSource: string): boolean {
  const tokens = [getBackstoryToken(dataSource), getTenantsToken(dataSource)];
  return [...modules.values()].some(({ providers }) => tokens.some((token) => providers.has(token)));
}

/**
 * Ends the start of an application whose `forFeature` would be without effect. Nest has scanned all modules by the time of the first factory.
 * @throws WiringError MODULE_MISSING, from its factory
 */
export function requireHistory(dataSource: string, entities: readonly string[]): FactoryProvider<void> {
  return {
    provide: FEATURE_WIRING,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => {
      if (hasHistory(modules, dataSource)) return;
      throw new WiringError(
        'MODULE_MISSING',
        `BackstoryModule.forFeature([${entities.join(', ')}]) is imported, and nobody imports ${forRootInWords('BackstoryModule', dataSource)}: nothing would be captured.`,
        `Import ${forRootInWords('BackstoryModule', dataSource)} in the root module; in a unit test ${forRootInWords('BackstoryTestingModule', dataSource)}.`,
      );
    },
  };
}
