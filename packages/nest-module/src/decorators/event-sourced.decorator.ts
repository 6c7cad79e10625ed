import 'reflect-metadata';
import type { AggregateOptions } from '@backstory/adapter';

const key = Symbol.for('backstory:EventSourced');

/**
 * Says beside the entity how it is captured. Takes effect for entities given to `BackstoryModule.forFeature`.
 * @typeParam Entity - types the rules in `events`: `@EventSourced<Customer>({ events: […] })`
 * @example
 * @Entity()
 * @EventSourced({ category: 'customer', exclude: ['passwordHash'] })
 * export class Customer {}
 */
export function EventSourced<Entity = never>(
  options: Omit<AggregateOptions<Entity>, 'entity'> = {},
): ClassDecorator {
  return (entity) => Reflect.defineMetadata(key, options, entity);
}

/** What `@EventSourced` says of an entity; nothing for one without it. */
export function eventSourcedOptions(entity: object): Omit<AggregateOptions, 'entity'> {
  return (Reflect.getOwnMetadata(key, entity) as Omit<AggregateOptions, 'entity'> | undefined) ?? {};
}
