import type { Backstory } from '@backstory/adapter';
import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getBackstoryToken } from '../backstory.tokens.js';
import { DASHBOARD_BACKSTORY } from '../dashboard/dashboard.tokens.js';
import { forRootInWords } from './call-in-words.js';
import { requireProvided } from './require-provided.js';
import { WiringError } from './wiring-error.js';

/**
 * Provides the history that a dashboard shows.
 * @throws WiringError MODULE_MISSING, from its factory
 */
export function historyOfDashboard(dataSource = 'default'): FactoryProvider<Backstory> {
  const token = getBackstoryToken(dataSource);
  const call = forRootInWords('BackstoryModule', dataSource);
  return {
    provide: DASHBOARD_BACKSTORY,
    inject: [{ token, optional: true }, ModulesContainer],
    useFactory: (backstory: Backstory | undefined, modules: ModulesContainer) =>
      requireProvided(
        backstory,
        token,
        modules,
        () =>
          new WiringError(
            'MODULE_MISSING',
            `BackstoryDashboardModule shows a history, and nobody imports ${call}.`,
            `Import ${call} in the root module, beside the dashboard.`,
          ),
      ),
  };
}
