/**
 * `@backstory/nest-module`: module, decorators, request context.
 * @module nest-module
 */
export { BackstoryModule } from './backstory.module.js';
export { BackstoryTenantsModule, type BackstoryTenantsModuleOptions } from './backstory-tenants.module.js';
export { Aggregates, type EntityClass } from './aggregates.js';
export { BACKSTORY, getAggregatesToken, getBackstoryToken, getTenantsToken } from './backstory.tokens.js';
export type {
  BackstoryDataSource,
  BackstoryModuleAsyncOptions,
  BackstoryModuleOptions,
  BackstoryOptionsFactory,
} from './backstory-module.options.js';
export {
  basicAuthentication,
  type BasicAuthenticationOptions,
} from './dashboard/access/basic-authentication.guard.js';
export { sharedSecret, type SharedSecretOptions } from './dashboard/access/shared-secret.guard.js';
export { BackstoryDashboardModule } from './dashboard/dashboard.module.js';
export type {
  BackstoryDashboardModuleAsyncOptions,
  BackstoryDashboardModuleOptions,
  DashboardOptions,
} from './dashboard/dashboard-options.js';
export { EmitsEvent, type EmitsEventOptions } from './decorators/emits-event.decorator.js';
export { RunInContext } from './context/run-in-context.decorator.js';
export { EventSourced } from './decorators/event-sourced.decorator.js';
export {
  EventConsumer,
  type EventConsumerOptions,
  type EventOf,
  EventProjection,
  type EventProjectionOptions,
  OnEvent,
  type OnEventDecorator,
} from './events/on-event.decorator.js';
export {
  type BatchedEventOf,
  OnEventBatch,
  type OnEventBatchDecorator,
} from './events/on-event-batch.decorator.js';
export { BackstoryHealthIndicator, type BackstoryHealthResult } from './health/backstory-health.indicator.js';
export type { BackstoryHealthThresholds } from './health/health-thresholds.js';
export { BackstoryHistoryModule } from './history/history.module.js';
export type { HistoryPage } from './history/history.controller.js';
export type {
  BackstoryHistoryModuleAsyncOptions,
  BackstoryHistoryModuleOptions,
  HistoryMount,
  HistoryOptions,
  ShownAggregate,
} from './history/history-options.js';
export { IdempotencyKey } from './idempotency/idempotency-key.decorator.js';
export type { IdempotencyKeyOptions } from './idempotency/idempotency-key.options.js';
export type { RequestedCommand } from './idempotency/requested-command.js';
export { InjectAggregates } from './decorators/inject-aggregates.decorator.js';
export { InjectBackstory } from './decorators/inject-backstory.decorator.js';
export { InjectTenants } from './decorators/inject-tenants.decorator.js';
export { WiringError } from './wiring/wiring-error.js';
