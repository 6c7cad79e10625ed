import type { EntitySchema } from 'typeorm';
import type { AggregateOptions } from '../mapping/index.js';

/** An entity whose type is known: its class, or its EntitySchema. */
export type TypedEntity<Entity> = (abstract new (...args: never[]) => Entity) | EntitySchema<Entity>;

/**
 * Options of one aggregate, with rules and evolve that are type-checked against its entity.
 * @example await createBackstory(dataSource, { aggregates: [aggregate(Order, { owns: ['lines', 'tags'] })] });
 */
export function aggregate<Entity>(
  entity: TypedEntity<Entity>,
  options: Omit<AggregateOptions<Entity>, 'entity'>,
): AggregateOptions {
  return { ...options, entity } as AggregateOptions;
}
