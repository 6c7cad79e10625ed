import 'reflect-metadata';
import { type EventIntent, type EventTypeName, withEvent } from '@backstory/adapter';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the arguments are those of the decorated method
type OfArguments<Result> = (...args: any[]) => Result;

/** As {@link EventIntent}, with what depends on the call's arguments as functions of them. */
export interface EmitsEventOptions extends Omit<EventIntent, 'id' | 'data'> {
  id?: OfArguments<string | number>;
  data?: OfArguments<Readonly<Record<string, unknown>>>;
}

/**
 * Names what a service method does to an aggregate: the first change of each of its streams inside is recorded as this
 * event, in whatever style the method writes. For several aggregates put several decorators on it.
 * @example
 * @EmitsEvent(OrderShipped, { aggregate: Order, data: (_id: number, trackingNumber: string) => ({ trackingNumber }) })
 * async ship(id: number, trackingNumber: string): Promise<void> {}
 */
export function EmitsEvent(type: EventTypeName, { id, data, ...intent }: EmitsEventOptions): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    const scoped = function (this: unknown, ...args: unknown[]): unknown {
      return withEvent(
        type,
        { ...intent, ...(id && { id: id(...args) }), ...(data && { data: data(...args) }) },
        () => method.apply(this, args),
      );
    };
    // What other decorators have said of the method stays with it: guards, routes, schedules.
    for (const key of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, method), scoped);
    }
    Object.defineProperty(scoped, 'name', { value: method.name, configurable: true });
    descriptor.value = scoped;
  };
}
