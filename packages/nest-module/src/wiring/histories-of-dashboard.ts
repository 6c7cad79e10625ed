import type { Backstory, TenantBackstories } from '@backstory/adapter';
import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getBackstoryToken, getTenantsToken } from '../backstory.tokens.js';
import { DashboardHistories } from '../dashboard/dashboard-histories.js';
import { forRootInWords } from './call-in-words.js';
import { requireProvided } from './require-provided.js';
import { WiringError } from './wiring-error.js';

/**
 * Provides the histories that a dashboard shows: that of the BackstoryModule of a DataSource, and those of its tenants.
 * @throws WiringError MODULE_MISSING, from its factory
 */
export function historiesOfDashboard(dataSource = 'default'): FactoryProvider<DashboardHistories> {
  const token = getBackstoryToken(dataSource);
  const [call, ofTenants] = ['BackstoryModule', 'BackstoryTenantsModule'].map((name) =>
    forRootInWords(name, dataSource),
  );
  return {
    provide: DashboardHistories,
    inject: [
      { token, optional: true },
      { token: getTenantsToken(dataSource), optional: true },
      ModulesContainer,
    ],
    useFactory: async (
      backstory: Backstory | undefined,
      tenants: TenantBackstories | undefined,
      modules: ModulesContainer,
    ) => {
      if (backstory === undefined && tenants === undefined) {
        await requireProvided(
          backstory,
          token,
          modules,
          () =>
            new WiringError(
              'MODULE_MISSING',
              `BackstoryDashboardModule shows a history, and nobody imports ${call}.`,
              `Import ${call} in the root module, beside the dashboard; or ${ofTenants} where each tenant has a history of its own.`,
            ),
        );
      }
      return new DashboardHistories(backstory, tenants);
    },
  };
}
