import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ReplayError } from '../errors.js';
import type { RecordedEvent } from '../event/index.js';
import { Applies } from './applies.decorator.js';
import { applyReducers, type ReducerOptions } from './apply-reducers.js';
import { reducersByType } from './reducers.js';

const event = (
  streamPosition: number,
  type: string,
  data: Record<string, unknown> = {},
  streamId = '42',
): RecordedEvent => ({
  globalPosition: String(streamPosition),
  category: 'order',
  streamId,
  streamPosition,
  type,
  change: 'updated',
  schemaVersion: 1,
  data,
  metadata: { origin: 'capture', actor: 'anna' },
  recordedAt: new Date(streamPosition),
});

const replay = <State>(
  events: readonly RecordedEvent[],
  reducers: object,
  options: ReducerOptions<State>,
): { state: State; position: number } =>
  applyReducers({ category: 'order', streamId: '42' }, events, reducersByType(reducers), options);

class Placed {
  total: string;
}

class Shipped {
  @Type(() => Date)
  at: Date;

  to: { city: string };

  label(): string {
    return `${this.at.toISOString()} ${this.to.city}`;
  }
}

interface Parcels {
  readonly total: string;
  readonly labels: readonly string[];
}

class Parcelling {
  constructor(private readonly prefix: string) {}

  @Applies(Placed)
  placed(state: Parcels, { total }: Placed): Parcels {
    return { ...state, total };
  }

  @Applies(Shipped)
  shipped(state: Parcels, shipped: Shipped, recorded: RecordedEvent): Parcels {
    const label = `${this.prefix} ${shipped.label()} by ${recorded.metadata.actor} at ${recorded.streamPosition}`;
    return { ...state, labels: [...state.labels, label] };
  }

  @Applies('Lost')
  lost(state: Parcels, { type, data }: RecordedEvent): Parcels {
    return { ...state, labels: [...state.labels, `${type} ${String(data['reason'])}`] };
  }
}

const events = [
  event(1, 'Placed', { total: '9.90' }),
  event(2, 'Shipped', { at: '2026-03-01T09:30:00.123456+00:00', 'to.city': 'Oslo' }),
  event(3, 'Renamed'),
  event(4, 'Lost', { reason: 'storm' }),
];
const nothing: Parcels = { total: '0', labels: [] };

describe('a replay with reducers of the user', () => {
  it('gives methods instances of the classes that name their events, and others the recorded event', () => {
    expect(replay(events, new Parcelling('to'), { initial: nothing })).toEqual({
      state: { total: '9.90', labels: ['to 2026-03-01T09:30:00.123Z Oslo by anna at 2', 'Lost storm'] },
      position: 4,
    });
    expect(nothing).toEqual({ total: '0', labels: [] });
  });

  it('gives functions under the name of a type the recorded event', () => {
    const reducers = {
      Placed: () => ['placed'],
      Lost: (state: string[], { data }: RecordedEvent) => [...state, data['reason']],
    };
    expect(replay(events, reducers, { initial: [] as string[] })).toEqual({
      state: ['placed', 'storm'],
      position: 4,
    });
  });

  it('gives the initial state at position 0 for no events', () => {
    expect(replay([], { Placed: () => 1 }, { initial: 7 })).toEqual({ state: 7, position: 0 });
  });

  it('takes null for a state', () => {
    expect(replay(events, { Lost: () => null }, { initial: 1 }).state).toBeNull();
  });

  it('inherits methods, and lets a subclass override one or take an event over', () => {
    class Overriding extends Parcelling {
      override placed(state: Parcels): Parcels {
        return { ...state, total: 'overridden' };
      }

      @Applies('Lost')
      gone(state: Parcels): Parcels {
        return { ...state, labels: [...state.labels, 'gone'] };
      }

      @Applies('Renamed')
      renamed(state: Parcels): Parcels {
        return { ...state, labels: [...state.labels, 'renamed'] };
      }
    }
    const { state } = replay(events, new Overriding('to'), { initial: nothing });
    expect(state).toEqual({
      total: 'overridden',
      labels: [expect.stringContaining('Oslo'), 'renamed', 'gone'],
    });
    // the parent knows nothing of it
    expect(replay(events, new Parcelling('to'), { initial: nothing }).state.labels).toContain('Lost storm');
  });

  it('ignores an event without a reducer, or refuses it and names stream, position and type', () => {
    const reducers = { Placed: () => 1 };
    expect(replay(events, reducers, { initial: 0 })).toEqual({ state: 1, position: 4 });
    const refuse = () => replay(events, reducers, { initial: 0, unhandled: 'refuse' });
    expect(refuse).toThrow(ReplayError);
    expect(refuse).toThrow(/"order-42" can't be replayed: the event Shipped at position 2 has no reducer/);
  });

  it('takes no function of Object for a reducer', () => {
    const odd = [event(1, 'toString'), event(2, 'constructor'), event(3, '__proto__')];
    expect(replay(odd, { Placed: () => 1 }, { initial: 0 })).toEqual({ state: 0, position: 3 });
    expect(() => replay(odd, new Parcelling(''), { initial: nothing, unhandled: 'refuse' })).toThrow(
      /toString at position 1 has no reducer/,
    );
  });

  it('refuses a missing position and an event of another stream, also where no reducer is for the event', () => {
    const reducers = { Placed: () => 1 };
    const folding =
      (...given: RecordedEvent[]) =>
      () =>
        replay(given, reducers, { initial: 0 });
    expect(folding(event(1, 'A'), event(3, 'A'))).toThrow(
      /"order-42".*position 2 was expected and 3 was found/,
    );
    expect(folding(event(2, 'Placed'))).toThrow(/position 1 was expected and 2 was found/);
    expect(folding(event(1, 'A'), event(2, 'Placed', {}, '43'))).toThrow(
      /"order-42".*at position 2 there is an event of "order-43"/,
    );
  });

  const faultOf = (work: () => unknown): ReplayError => {
    try {
      work();
    } catch (error) {
      if (error instanceof ReplayError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  it.each([
    ['an error', new TypeError('no such parcel')],
    ['what is no error', { reason: 'odd' }],
  ])('hands on %s that a reducer throws, unchanged, as the cause', (_, thrown) => {
    const failing = {
      Shipped: () => {
        throw thrown as Error;
      },
    };
    const error = faultOf(() => replay(events, failing, { initial: 0 }));
    expect(error.cause).toBe(thrown);
    expect(error.code).toBe('REPLAY_FAILED');
    expect(error.message).toMatch(/"order-42".*the event Shipped at position 2 can't be applied/);
  });

  it('hands on what fails when the event becomes an instance', () => {
    const thrown = new Error('no such city');
    class Shipped {
      constructor() {
        throw thrown;
      }
    }
    class Failing {
      @Applies(Shipped)
      shipped(state: number): number {
        return state;
      }
    }
    const error = faultOf(() => replay(events, new Failing(), { initial: 0 }));
    expect(error.cause).toBe(thrown);
    expect(error.message).toMatch(/the event Shipped at position 2/);
  });

  it('refuses a reducer that returns nothing, or a promise', () => {
    const returning = (value: unknown) => () => replay(events, { Lost: () => value }, { initial: 0 });
    expect(returning(undefined)).toThrow(
      /the event Lost at position 4 can't be applied: its reducer returns nothing/,
    );
    expect(returning(Promise.reject(new Error('late')))).toThrow(/its reducer returns a promise/);
  });

  it.each([
    ['no reducers', {}, /no reducers/],
    ['an object without @Applies', new (class Bare {})(), /no reducers/],
    ['a class', Parcelling, /the class Parcelling[^]*Pass an instance/],
    ['something else under a type', { Placed: 1 }, /"Placed" is no function/],
  ])('refuses %s', (_, reducers, message) => {
    expect(() => reducersByType(reducers)).toThrow(message);
    expect(() => reducersByType(reducers)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });

  it('refuses two methods for one event', () => {
    const declare = (): unknown => {
      class Twice {
        @Applies('Placed')
        first(state: number): number {
          return state;
        }

        @Applies(Placed)
        second(state: number): number {
          return state;
        }
      }
      return Twice;
    };
    expect(declare).toThrow(/Twice has two methods for the event "Placed": first and second/);
  });

  it('refuses at compile time a method for another event than it takes', () => {
    class Mistaken {
      // @ts-expect-error the method takes an event that has a total
      @Applies(Shipped)
      shipped(state: string, { total }: Placed): string {
        return state + total;
      }
    }
    expect(reducersByType(new Mistaken()).has('Shipped')).toBe(true);
  });
});
