import type { BackstoryOptions, CaptureContext } from '@backstory/adapter';
import type {
  ExecutionContext,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';

export interface BackstoryModuleOptions extends BackstoryOptions {
  /**
   * What the events of a request's writes say of who made them. Asked at the first write, so that `request.user` is known.
   * @defaultValue the correlation id and traceparent from the request's headers, no actor
   * @example context: (execution) => ({ actor: execution.switchToHttp().getRequest().user?.id })
   */
  context?: (execution: ExecutionContext) => CaptureContext | undefined;
}

export interface BackstoryOptionsFactory {
  createBackstoryOptions(): BackstoryModuleOptions | Promise<BackstoryModuleOptions>;
}

/** Where Backstory finds the application's DataSource. */
export interface BackstoryDataSource {
  /**
   * Name of the DataSource, as given to `TypeOrmModule.forRoot({ name })`.
   * @defaultValue 'default'
   */
  dataSource?: string;
}

export interface BackstoryModuleAsyncOptions extends BackstoryDataSource, Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as every Nest module: the injected values are the user's to type
  useFactory?: (...args: any[]) => BackstoryModuleOptions | Promise<BackstoryModuleOptions>;
  useClass?: Type<BackstoryOptionsFactory>;
  useExisting?: InjectionToken;
}
