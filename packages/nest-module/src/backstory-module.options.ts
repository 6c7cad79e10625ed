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
   * What the events of a request's or a message's writes say of who made them. Asked at the handler's first write, so
   * that `request.user` is known. What it leaves out or undefined keeps its default.
   * @defaultValue correlation id and traceparent from an HTTP request's headers, a new correlation id for all others; no actor
   * @example context: (execution) => ({ actor: execution.switchToHttp().getRequest().user?.id })
   */
  context?: (execution: ExecutionContext) => CaptureContext | undefined;
  /**
   * Whether this process handles events, once the application is up. `false` for processes that only serve requests;
   * `backstory.consumers.start()` starts them later.
   * @defaultValue true
   */
  startConsumers?: boolean;
  /**
   * Publishes events on the EventBus of `@nestjs/cqrs`, as instances of these classes. The bus doesn't wait for its handlers
   * and doesn't tell of their errors: what must not be lost belongs into an `@OnEvent` method.
   */
  cqrs?: { events: readonly Type<object>[]; /** @defaultValue 'cqrs' */ consumer?: string };
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
