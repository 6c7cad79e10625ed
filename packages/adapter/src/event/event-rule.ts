/** A past-tense event type: its name, or the class that handlers know it by. */
export type EventTypeName = string | (abstract new (...args: never[]) => unknown);

export function eventTypeName(type: EventTypeName): string {
  return typeof type === 'string' ? type : type.name;
}

type Leaf =
  string | number | boolean | bigint | symbol | null | undefined | Date | readonly unknown[] | Uint8Array;

/** Properties of an entity, and those of its embedded entities with a dot: `status`, `shipping.city`. */
export type PropertyPath<Entity> = {
  [Key in keyof Entity & string]: NonNullable<Entity[Key]> extends Leaf
    ? Key
    : Key | `${Key}.${keyof NonNullable<Entity[Key]> & string}`;
}[keyof Entity & string];

/** The type of the property at a path. */
export type PropertyValue<Entity, Path extends string> = Path extends keyof Entity
  ? Entity[Path]
  : Path extends `${infer Key}.${infer Rest}`
    ? Key extends keyof Entity
      ? PropertyValue<NonNullable<Entity[Key]>, Rest>
      : never
    : never;

type PropertyValues<Entity> = { readonly [Path in PropertyPath<Entity>]?: PropertyValue<Entity, Path> };

/** What must hold of a change. Where several are given, all of them. Values are those of the entity, before transformers. */
export interface EventCondition<Entity> {
  /** Each property has this value now and had another before. */
  readonly became?: PropertyValues<Entity>;
  /** Each property had this value before. */
  readonly was?: PropertyValues<Entity>;
  /** At least one of these properties changed. */
  readonly changed?: readonly PropertyPath<Entity>[];
  /** Nothing but these properties changed; version and update date don't count. */
  readonly changedOnly?: readonly PropertyPath<Entity>[];
  readonly anyOf?: readonly EventCondition<Entity>[];
  readonly allOf?: readonly EventCondition<Entity>[];
}

/**
 * Gives changes a name in the language of the business. Compiled into the capture trigger, so that raw SQL gets it, too.
 * @example aggregate(Order, { events: [{ type: OrderShipped, when: { became: { status: OrderStatus.Shipped } } }] })
 */
export interface EventRule<Entity> {
  readonly type: EventTypeName;
  /** @defaultValue 'updated' */
  readonly on?: 'created' | 'updated' | 'deleted';
  /** @defaultValue always */
  readonly when?: EventCondition<Entity>;
}
