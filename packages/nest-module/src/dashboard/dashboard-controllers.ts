import {
  type CanActivate,
  Controller,
  type Type,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { RefusalFilter } from './access/refusal.filter.js';
import { DashboardAccess } from './dashboard-access.guard.js';
import { DashboardChangesController } from './dashboard-changes.controller.js';
import { DashboardController } from './dashboard.controller.js';

/** The dashboard's routes under a path of their own: classes of their own, so that there may be a dashboard for each DataSource. */
export function dashboardControllers(
  path: string,
  guards: readonly (Type<CanActivate> | CanActivate)[],
): Type<unknown>[] {
  return [DashboardController, DashboardChangesController].map((routes) => {
    class MountedDashboard extends (routes as Type<object>) {}
    Controller({ path, version: VERSION_NEUTRAL })(MountedDashboard);
    UseGuards(...guards, DashboardAccess)(MountedDashboard);
    UseFilters(RefusalFilter)(MountedDashboard);
    return MountedDashboard;
  });
}
