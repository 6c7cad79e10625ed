import type { AnyFunction, EntityPath, Held, IsAny, Scalar, Text } from './entity-path.js';

/** `null` where the entity may have none. */
type OrNull<Value> = null extends Value ? null : undefined extends Value ? null : never;

/** A document of a jsonb column: as JSON carries it. */
type Json<Value> = Value extends Text
  ? string
  : Value extends AnyFunction
    ? never
    : Value extends readonly (infer Each)[]
      ? Json<Each>[]
      : Value extends object
        ? { readonly [Key in keyof Value as Value[Key] extends AnyFunction ? never : Key]: Json<Value[Key]> }
        : Value;

type Parts<Entity> = Readonly<Record<string, EventDataOf<Entity> | null>>;

/** How the value of a property stands in an event. */
type Form<Value> =
  IsAny<Value> extends true
    ? unknown
    : unknown extends Value
      ? unknown
      : Value extends null | undefined
        ? null
        : Value extends Text
          ? string
          : Value extends string | number | boolean
            ? Value
            : Value extends PromiseLike<infer Held>
              ? Form<Held>
              : Value extends readonly (infer Each)[]
                ? string | Json<Each>[] | (Each extends Scalar ? never : Parts<Each>)
                : string | Json<Value>;

type At<Entity, Name extends string> = Name extends keyof Entity
  ? Form<Entity[Name]>
  : Name extends `${infer Key}.${infer Rest}`
    ? Key extends keyof Entity
      ? Held<Entity[Key]> extends readonly (infer Each)[]
        ? At<Each, Rest>
        : At<Held<Entity[Key]>, Rest> | OrNull<Awaited<Entity[Key]>>
      : unknown
    : unknown;

/**
 * What the data of an event may hold of an entity, by property path: columns, embedded ones (`'shipping.city'`), keys of
 * relations with a join column (`'customer.id'`) and parts that the aggregate `owns` (`lines`). All of it may be missing, because
 * a change holds what has changed. Values are as JSON has them: a Date is a string, and so are a bigint, bytes and times.
 *
 * Paths with two dots are typed where they end in an embedded entity, or another, without relations; the rest of them is unknown.
 *
 * Types don't tell what a column's type is, nor which properties are columns: a document may be there as itself (jsonb) or as
 * text (json, simple-json, others), a list as text, as a document or as parts, and a property without a column is never there. What
 * a transformer, `numeric` with a `number` or NaN make of a value can't be seen: say these yourself, in `Exact`. Erased values are null.
 * @typeParam Entity - the class of the entity
 * @typeParam Exact - by path, what is known better: `{ settings: Settings; price: string }`
 * @example
 * onEvent('OrderShipped', ({ data }: RecordedEvent<EventDataOf<Order>>) => log(data['customer.id'], data.total));
 */
export type EventDataOf<Entity, Exact extends object = object> = {
  readonly [Name in EntityPath<Entity> | (keyof Exact & string)]?: Name extends keyof Exact
    ? Exact[Name]
    : At<Entity, Name>;
} & {
  /** What the event of a command says itself. */
  readonly $event?: Readonly<Record<string, unknown>>;
} & {
  readonly [path: `${string}.${string}.${string}`]: unknown;
};
