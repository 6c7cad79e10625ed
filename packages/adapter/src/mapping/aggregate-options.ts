/** An entity as the application names it: its class, its EntitySchema, or the name of either. */
export type EntityTarget =
  string | (abstract new (...args: never[]) => unknown) | { options: { name: string } };

/** One aggregate: an entity whose rows become streams of one category. */
export interface AggregateOptions {
  entity: EntityTarget;
  /**
   * Name of the category; streams are called `<category>-<key>`.
   * @defaultValue the entity's name with a small first letter: `Order` → `order`
   */
  category?: string;
  /**
   * Property paths that never go into an event, such as `passwordHash`. They are loaded from the table in every stage.
   * @defaultValue none
   */
  exclude?: readonly string[];
  /**
   * The stage that the aggregate has when it is first seen. Later the stage table decides, not this option.
   * @defaultValue 'capture'
   */
  stage?: 'off' | 'capture';
}

/** Which entities are captured. */
export interface AggregateSelection {
  /**
   * `all`: every entity with a primary key, also junction tables. Or a list.
   * @defaultValue 'all'
   */
  aggregates?: 'all' | readonly (EntityTarget | AggregateOptions)[];
  /**
   * Entities that `all` leaves out, such as queues and sessions.
   * @defaultValue none
   */
  exclude?: readonly EntityTarget[];
}
