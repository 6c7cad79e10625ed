import type {
  CanActivate,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';
import type { EntityTarget } from '@backstory/adapter';

/** Of which aggregate histories are shown, and what of it. */
export interface ShownAggregate {
  /** The entity, its name, or the category. */
  readonly aggregate: EntityTarget;
  /** Only these properties: `total`, `shipping` with all that is embedded in it, `lines.quantity` of a part. @defaultValue all that is in events */
  readonly properties?: readonly string[];
  /** All but these. Secrets, and what is excluded from events, are in no history anyway. @defaultValue none */
  readonly hide?: readonly string[];
}

/** Either guards, or the word that everybody may read. */
type HistoryAccess =
  | {
      /** Guards of the route; classes are injected, with what `imports` exports. They find `category` and `id` among the request's parameters. */
      guards: readonly [Type<CanActivate> | CanActivate, ...(Type<CanActivate> | CanActivate)[]];
      open?: false;
    }
  | {
      guards?: readonly [];
      /** Everybody who reaches the application may read histories, or guards of its own stand before it, such as a global one. */
      open: true;
    };

/** What is shown, by a route that is there. */
export interface HistoryOptions {
  /** Of which aggregates; all others are not found. @defaultValue all that the history knows, also topics and those of other services */
  aggregates?: readonly (EntityTarget | ShownAggregate)[];
  /** Entries of a page where the request names no `limit`, which may be up to 500. @defaultValue 50 */
  limit?: number;
}

/** What has to be known before anything is injected: it decides about the route and who may use it. */
export type HistoryMount = HistoryAccess &
  Pick<ModuleMetadata, 'imports'> & {
    /** Where the route is, behind the application's global prefix. @defaultValue 'history' */
    path?: string;
    /** Decorators of the controller, such as `ApiBearerAuth()` of @nestjs/swagger. What the route takes and answers is in its document anyway. */
    decorators?: readonly ClassDecorator[];
    /** Name of the DataSource, as given to `TypeOrmModule.forRoot({ name })`. @defaultValue 'default' */
    dataSource?: string;
  };

export type BackstoryHistoryModuleOptions = HistoryMount & HistoryOptions;

export type BackstoryHistoryModuleAsyncOptions = HistoryMount & {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as every Nest module: the injected values are the user's to type
  useFactory: (...args: any[]) => HistoryOptions | Promise<HistoryOptions>;
};
