import type { Decide, Decision } from '../commands/index.js';
import type { RecordedEvent } from '../event/index.js';
import type { AggregateOptions } from '../mapping/index.js';

/** The class of an entity. */
export type EntityClass<Entity extends object> = abstract new (...args: never[]) => Entity;

/** An event that a command has come to. */
export interface Decided {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What of `Backstory` is needed to try commands on a real database. */
export interface CommandedHistory {
  create(entity: EntityClass<object>, decide: () => Decision | Promise<Decision>): Promise<object>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- of what entity it is, its class says
  handle(entity: EntityClass<object>, id: string | number | bigint, decide: Decide<any>): Promise<object>;
  history(entity: string, id: string, options?: { after?: number; last?: number }): Promise<RecordedEvent[]>;
}

/** By what commands are tried. */
export interface SpecificationOptions<Entity extends object> {
  /**
   * What events do to the entity: that of the aggregate's options. Methods of the entity with `Applies` are found by themselves.
   * @defaultValue none
   */
  evolve?: AggregateOptions<Entity>['evolve'];
  /**
   * An instance of Backstory: commands are handled on its database then, by the `evolve` of its options. Events that are given are what creates the entity.
   * @defaultValue none: without a database
   */
  backstory?: CommandedHistory;
  /**
   * The id of an entity's stream, with `backstory`.
   * @defaultValue its property `id`
   */
  id?: (entity: Entity) => string | number | bigint;
}
