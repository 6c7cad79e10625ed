/** Tokens inside of a dashboard's module. */
export const DASHBOARD_OPTIONS = Symbol.for('backstory:DashboardOptions');
export const DASHBOARD_GUARDED = Symbol.for('backstory:DashboardGuarded');
export const DASHBOARD_PATH = Symbol.for('backstory:DashboardPath');
