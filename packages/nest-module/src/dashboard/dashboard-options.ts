import type {
  CanActivate,
  ExecutionContext,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';

/** Who may look at the dashboard, and who may change something with it. */
export interface DashboardOptions {
  /**
   * Whether a request may see the dashboard. Asked after the guards. A cookie or HTTP Basic authentication fits; a browser
   * doesn't send an `Authorization: Bearer` header by itself.
   * @defaultValue with guards: those decide; without: only where NODE_ENV is "development"
   */
  authorize?: (execution: ExecutionContext) => boolean | Promise<boolean>;
  /**
   * Whether stages can be moved, drift verified and repaired, and parked events retried or discarded; a function decides it for
   * each request. Every change is recorded with its actor.
   * @defaultValue false
   */
  allowChanges?: boolean | ((execution: ExecutionContext) => boolean | Promise<boolean>);
  /**
   * Who makes a change, as it is recorded.
   * @defaultValue the `actor` that the `context` of `BackstoryModule` gives for the request, or else "dashboard"
   */
  actor?: (execution: ExecutionContext) => string | undefined;
  /**
   * Above every page and in the browser's title, such as the name of the application and its environment.
   * @defaultValue 'Backstory'
   */
  title?: string;
}

/** What has to be known before anything is injected: it decides about routes. */
interface DashboardMount extends Pick<ModuleMetadata, 'imports'> {
  /**
   * Where the dashboard is, behind the application's global prefix.
   * @defaultValue 'backstory'
   */
  path?: string;
  /** Guards of every route of the dashboard, its scripts included; classes are injected, with what `imports` exports. */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Name of the DataSource, as given to `TypeOrmModule.forRoot({ name })`.
   * @defaultValue 'default'
   */
  dataSource?: string;
}

export interface BackstoryDashboardModuleOptions extends DashboardMount, DashboardOptions {}

export interface BackstoryDashboardModuleAsyncOptions extends DashboardMount {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as every Nest module: the injected values are the user's to type
  useFactory: (...args: any[]) => DashboardOptions | Promise<DashboardOptions>;
}
