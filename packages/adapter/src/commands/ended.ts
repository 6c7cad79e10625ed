/**
 * What evolve returns, in place of the entity, of an event that ends it: the row is deleted, with the parts that the aggregate owns, and the event is the stream's
 * deletion. An entity with a `@DeleteDateColumn` that is to stay as a row is changed instead, as any other.
 * @example const evolve = { OrderCancelled: () => ended };
 */
export const ended: unique symbol = Symbol.for('backstory:ended') as never;
