import type { ObjectLiteral } from 'typeorm';
import type { TypedEntity } from '../entities/index.js';
import type { EventDataOf, RecordedEvent } from '../event/index.js';
import type { HistoryOptions, ReadStreamOptions } from '../event-store/index.js';
import type { EntityTarget, MappingRegistry } from '../mapping/index.js';
import type { ReducedState, ReducerOptions, Reducers, ReducingObject } from '../replay/index.js';
import { upcast } from '../upcasting/index.js';
import { EventWriting } from './event-writing.js';
import type { ReplayedState, Replays } from './replays.js';

/** How an application reads what its events tell. `Backstory` has these methods. */
export abstract class EventReading extends EventWriting {
  /** @internal */
  protected abstract readonly replays: Replays;
  /** @internal */
  protected abstract readonly mappings: MappingRegistry;

  /**
   * The events of one stream, upcast, newest last: all, or those behind a position, the newest few, up to a version or a
   * moment. Also of a stream that has ended, and empty for one that isn't there. For the class of an entity the data is typed by it.
   * @throws ReplayError for an event that is newer than the code
   * @example const events = await backstory.history(Order, '42', { asOf: new Date('2026-01-01') });
   */
  history<Entity>(
    entity: TypedEntity<Entity>,
    streamId: string,
    options?: HistoryOptions,
  ): Promise<RecordedEvent<EventDataOf<Entity>>[]>;
  history(categoryOrEntity: string, streamId: string, options?: HistoryOptions): Promise<RecordedEvent[]>;
  history(target: EntityTarget, streamId: string, options?: HistoryOptions): Promise<RecordedEvent[]> {
    return this.replays.history(target, streamId, options);
  }

  /**
   * An event as the code of today knows it, such as a sample in a test.
   * @throws ReplayError for one that is newer than the code, or that its upcaster fails on
   * @example const { data } = backstory.upcast(recorded);
   */
  upcast(event: RecordedEvent): RecordedEvent {
    return upcast(this.mappings.get(event.category), event);
  }

  /**
   * The entity as its events tell it: now, at a version of its stream, or at a moment. An instance as TypeORM
   * would have loaded it: without relations, but with what its aggregate `owns`. Null when it didn't exist or was
   * deleted by then.
   * @example const lastYear = await backstory.load(Order, '42', { asOf: new Date('2026-01-01') });
   */
  load<Entity extends ObjectLiteral>(
    entity: TypedEntity<Entity> | string,
    streamId: string,
    options?: ReadStreamOptions,
  ): Promise<Entity | null> {
    return this.replays.load(entity, streamId, options) as Promise<Entity | null>;
  }

  /**
   * Every entity as {@link load} gives it, now or as of a moment: those that were there, in the order of their stream ids,
   * byte by byte. Read page by page while it is iterated, so memory doesn't grow with their number. Without `asOf` each page
   * is as of when it is read; a transaction that was open at `asOf` and is committed later belongs to that moment.
   * @throws ReplayError, while it is iterated, for a stream that can't be replayed
   * @example for await (const { id, total } of backstory.loadAll(Order, { asOf: new Date('2026-01-01') })) log(id, total);
   */
  loadAll<Entity extends ObjectLiteral>(
    entity: TypedEntity<Entity> | string,
    { asOf }: Pick<ReadStreamOptions, 'asOf'> = {},
  ): AsyncGenerator<Entity, void, undefined> {
    return this.replays.loadAll(entity, asOf) as AsyncGenerator<Entity, void, undefined>;
  }

  /**
   * The state that the events of one stream come to, with values as events have them and parts under their path and id; now,
   * at a version or at a moment. `state` is null when it was deleted by then, and `position` 0 when it didn't exist.
   * @example const { state, position } = await backstory.state(Order, '42', { version: 3 });
   */
  state(entity: EntityTarget, streamId: string, options?: ReadStreamOptions): Promise<ReplayedState> {
    return this.replays.state(entity, streamId, options);
  }

  /**
   * Folds the events of one stream, upcast, into a state of your own: with a function for each event type, or the methods of
   * an object that are decorated with `Applies`. From the first event on, without snapshots; what entities are loaded from
   * stays the fold of Backstory.
   * @throws ReplayError that names stream, position and type when a reducer fails (its error is the `cause`), when a position
   * is missing, or for an event without a reducer where these are refused
   * @example
   * const { state, position } = await backstory.replay(Order, '42', { OrderShipped: (times) => times + 1 }, { initial: 0 });
   */
  replay<State>(
    entity: EntityTarget,
    streamId: string,
    reducers: Reducers<State>,
    options: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>>;
  replay<State, Instance extends object>(
    entity: EntityTarget,
    streamId: string,
    reducers: ReducingObject<Instance>,
    options: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>>;
  replay<State>(
    entity: EntityTarget,
    streamId: string,
    reducers: object,
    options: ReducerOptions<State> & ReadStreamOptions,
  ): Promise<ReducedState<State>> {
    return this.replays.reduce(entity, streamId, reducers, options);
  }
}
