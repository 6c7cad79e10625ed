import type { DefaultEventTypes, EventRule, Upcasters } from '../event/index.js';
import type { ResolvedRule } from './resolved-rule.js';

/** See {@link AggregateOptions.retain}. */
export interface RetainOptions {
  /** An interval as PostgreSQL reads it: `7 years`, `90 days`. */
  readonly after: string;
  /** `all` are those that are neither keys nor foreign keys. */
  readonly properties: readonly string[] | 'all';
}

/** See {@link AggregateOptions.whenCaptureFails}. */
export type CaptureFailurePolicy = 'fail' | 'record';

/** An entity as the application names it: its class, its EntitySchema, or the name of either. */
export type EntityTarget =
  string | (abstract new (...args: never[]) => unknown) | { options: { name: string } };

/** See {@link AggregateOptions.evolve}: what an event does to an entity, by the event's type. */
export type Evolvers<Entity> = Readonly<
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- which event it is, its type says
  Record<string, (entity: unknown extends Entity ? any : Entity, event: any) => unknown>
>;

/**
 * One aggregate: an entity whose rows become streams of one category.
 * @typeParam Entity - types the rules in `events`; see {@link aggregate}
 */
export interface AggregateOptions<Entity = unknown> {
  entity: EntityTarget;
  /**
   * Name of the category; streams are called `<category>-<key>`.
   * @defaultValue the entity's name with a small first letter: `Order` → `order`
   */
  category?: string;
  /**
   * The name that the category had when it got its first events, if that was another: they stay where they are, and new
   * ones are stored with them. Events are shown under the name of today, and both names are understood everywhere.
   * @defaultValue the category's name
   * @example storedAs: 'purchase'
   */
  storedAs?: string;
  /**
   * The table that this entity was in before, where both are still there, as `schema.table`: its streams go on with the table of
   * today, and what is written to the former one is captured no more. Without it a category that belongs to another table is
   * refused, because that may be another tenant's or another application's. It can stay: it says nothing once the table is bound.
   * @defaultValue none. A table that was renamed, or put into another schema, is known without it
   * @example movedFrom: 'public.parcel'
   */
  movedFrom?: string;
  /**
   * Relations whose rows are part of this aggregate: children that hold a foreign key to it (at any depth) and join
   * tables. Their changes go into this entity's streams, and replay gives them with it. What is said of a child beside
   * its own name in `aggregates` (`exclude`, `events`, `types`, …) holds for it as a part.
   * Its events then get their positions when the transaction commits, which costs each a second write: so writers of
   * different children don't wait for each other.
   * @defaultValue none: each entity has streams of its own
   * @example owns: ['lines', 'lines.discounts', 'tags']
   */
  owns?: readonly string[];
  /**
   * Property paths that never go into an event. They are loaded from the table in every stage.
   * @defaultValue those whose names look like secrets, such as `passwordHash`; see `include`
   */
  exclude?: readonly string[];
  /**
   * Property paths that go into events although their names look like secrets: what is in a log can't be taken back by a
   * setting, so what looks like one is left out until somebody says that it isn't. Can be said later, too: verify then finds the
   * rows whose value no event has, and repair appends it.
   * @defaultValue none
   * @example include: ['blockHash', 'discountToken']
   */
  include?: readonly string[];
  /**
   * Properties that have been renamed since: former name to the name of today. Old events replay under the new name.
   * Needs no new schema version. Upcasters run before it, so one that was written for the former name stays right.
   * @example renamed: { 'address.zip': 'address.postalCode' }
   */
  renamed?: Readonly<Record<string, string>>;
  /**
   * Values of properties that were added later, for streams whose events don't know them yet; as they stand in events.
   * Without one, `verify` finds these streams and `repair` settles them, at the price of an event each.
   * @example defaults: { priority: 3 }
   */
  defaults?: Readonly<Record<string, unknown>>;
  /**
   * Event types that have been renamed since: former name to the name of today.
   * @example renamedTypes: { OrderSent: 'OrderShipped' }
   */
  renamedTypes?: Readonly<Record<string, string>>;
  /**
   * The version that this aggregate's events are written with. Raise it when the meaning of their data changes in a way
   * that `renamed` and `defaults` don't tell, and give upcasters for what was written before. 1 to 32767.
   * @defaultValue 1
   */
  schemaVersion?: number;
  /**
   * What makes data of one schema version into that of the next: by event type (of today, or `*` for every type without
   * one of its own) and the version that it takes. They run in a chain, on every path on which events are read; what is
   * stored never changes. A type without an upcaster for a version means the same in the next. With upcasters, verify
   * reads the events into Node.js, where it otherwise compares inside the database.
   * @example
   * upcasters: { '*': { 1: ({ price, ...rest }) => (price === undefined ? rest : { ...rest, cents: Number(price) * 100 }) } }
   */
  upcasters?: Upcasters;
  /**
   * What events of commands do to the entity, for `backstory.handle`: functions by event type, or an object whose methods say with `Applies`
   * which event they are for. Each gets a copy of the entity with its parts, and the event, and changes the copy, or returns the next one; or `ended`, of an event
   * that ends the entity. Methods of the entity class itself may say so, too.
   * @defaultValue none
   * @example evolve: { OrderShipped: (order, event) => void Object.assign(order, { status: 'shipped', shippedAt: event.shippedAt }) }
   */
  evolve?: Evolvers<Entity> | object;
  /**
   * How often a stream's state is kept, so that a replay begins there and not at the first event: every so many events, or
   * `off`. More often makes reads of long streams faster and takes more room: the full state each time. They are made in
   * the background, by reads of streams that have grown by so many events; writes cost nothing more.
   * @defaultValue every 100 events
   */
  snapshots?: { readonly every: number } | 'off';
  /**
   * Rules that name changes in the language of the business; the first that matches wins.
   * @defaultValue none: OrderCreated, OrderUpdated, OrderDeleted, OrderSoftDeleted, OrderRestored
   * @example events: [{ type: 'OrderShipped', when: { became: { status: 'shipped' } } }]
   */
  events?: readonly EventRule<Entity>[];
  /**
   * Other names for the default types, such as `{ imported: 'OrderImported' }` for the first event of a row that
   * was there before capture.
   * @defaultValue from the entity's name
   */
  types?: Partial<DefaultEventTypes>;
  /**
   * The person, or whatever else is one day to be erased, that a row names: the property whose value is its id, by the category
   * of the subject. So `erase --subject customer:42` and `subject customer:42` reach the streams that have named it at any time.
   * A path such as `customer.id` alone says that the category is `customer`. Needs `personal`.
   * @defaultValue none; an entity is its own subject
   * @example subject: 'customer.id'
   * @example subject: { customer: 'buyerId' }
   */
  subject?: string | Readonly<Record<string, string>>;
  /**
   * The properties that are of a person: what is erased when a subject is. `all` are those that are neither keys nor foreign keys.
   * Of what the aggregate owns behind the path of the relation, or in the options of that entity.
   * @defaultValue of the subject's own stream `all`; of others none
   * @example personal: ['name', 'email', 'address.street', 'lines.engraving']
   */
  personal?: readonly string[] | 'all';
  /**
   * How long what is past is kept: `backstory.retain()` erases what events say that are older, of streams that have ended, and
   * of living ones what was superseded since. What a row is now is never erased.
   * @defaultValue for ever
   * @example retain: { after: '7 years', properties: ['email', 'address.street'] }
   */
  retain?: RetainOptions;
  /**
   * What becomes of a write whose capture fails, such as by a trigger that somebody has put on the table of events. `fail` fails it: no change is without
   * its event. `record` lets it go on without an event, notes the failure and warns: the application keeps working, its history is incomplete until a
   * repair, and what a row was between two repairs is lost. It holds while rows are what is read, in stages `capture` and `shadow`; once reads are replayed a write fails,
   * and no aggregate gets there before its failures are settled. Each statement costs a subtransaction more. Not for aggregates with `owns`.
   * @defaultValue 'fail'
   */
  whenCaptureFails?: CaptureFailurePolicy;
  /** @internal The rules as an earlier start has stored them, instead of `events`. */
  storedRules?: readonly ResolvedRule[];
  /** @internal That an earlier start had upcasters, which can't be stored. */
  upcastByCode?: boolean;
  /**
   * The stage that the aggregate has when it is first seen. Later the stage table decides, not this option.
   * @defaultValue 'capture'
   */
  stage?: 'off' | 'capture';
}

/** Which entities are captured. */
export interface AggregateSelection {
  /**
   * `all`: every entity with a primary key, also junction tables. Or a list, in which `'all'` stands for all others.
   * @defaultValue 'all'
   * @example aggregates: ['all', { entity: Order, owns: ['lines', 'tags'] }]
   */
  aggregates?: 'all' | readonly (EntityTarget | AggregateOptions)[];
  /**
   * Entities that `all` leaves out, such as queues and sessions.
   * @defaultValue none
   */
  exclude?: readonly EntityTarget[];
}
