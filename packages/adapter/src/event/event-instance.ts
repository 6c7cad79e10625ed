import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { ownData } from './own-data.js';
import type { EventData, RecordedEvent } from './recorded-event.js';

/**
 * A recorded event as an instance of the class that names its type: its data by property, embedded ones as objects
 * (`shipping.city` → `shipping: { city }`), and through the decorators of class-transformer, such as `@Type(() => Date)`
 * for a timestamp, which is a string in events. Of an event of a command, what the command said of it comes first.
 * @example
 * class OrderShipped { @Type(() => Date) shippedAt: Date; trackingNumber: string }
 * const events = await backstory.history('order', '42');
 * const shipped = events.filter(({ type }) => type === OrderShipped.name).map((event) => eventInstance(OrderShipped, event));
 */
export function eventInstance<Event extends object>(
  type: ClassConstructor<Event>,
  { data }: Pick<RecordedEvent, 'data'>,
): Event {
  const { [ownData]: own, ...properties } = data;
  return plainToInstance(type, { ...nested(properties), ...(own as object | null | undefined) });
}

/** A path stays whole where something stands under its beginning: json with keys of its own, or the parts of an aggregate. */
function nested(data: EventData): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(data)) {
    const names = path.split('.');
    const taken = names.some((_, count) => count > 0 && Object.hasOwn(data, names.slice(0, count).join('.')));
    const last = taken ? path : (names.pop() as string);
    let at = result;
    for (const name of taken ? [] : names) {
      at = (Object.hasOwn(at, name) ? at[name] : define(at, name, {})) as typeof result;
    }
    define(at, last, value);
  }
  return result;
}

/** As an own property, whatever its name. */
function define(at: Record<string, unknown>, name: string, value: unknown): unknown {
  Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
  return value;
}
