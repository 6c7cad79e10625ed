import { setImmediate } from 'node:timers/promises';
import type { RecordedEvent } from '../../event/index.js';
import { eventRefused } from './publish-error.js';
import { PublishingWindow } from './publishing-window.js';

function event(stream: string, position: number): RecordedEvent {
  return {
    globalPosition: '1',
    category: 'order',
    streamId: stream,
    streamPosition: position,
    type: 'OrderUpdated',
    change: 'updated',
    schemaVersion: 1,
    data: {},
    metadata: { origin: 'capture' },
    recordedAt: new Date(0),
  };
}

/** A broker that answers when it is told to. */
class Slow {
  readonly arrived: string[] = [];
  readonly open = new Map<string, { confirm: () => void; fail: (error: unknown) => void }>();
  most = 0;

  readonly publish = ({ streamId, streamPosition }: RecordedEvent): Promise<void> =>
    new Promise((resolve, reject) => {
      const name = `${streamId}${streamPosition}`;
      this.arrived.push(name);
      const settle = (by: (error?: unknown) => void) => (error?: unknown) => {
        this.open.delete(name);
        by(error);
      };
      this.open.set(name, { confirm: settle(() => resolve()), fail: settle(reject) });
      this.most = Math.max(this.most, this.open.size);
    });

  async answer(name: string, error?: unknown): Promise<void> {
    const waiting = this.open.get(name);
    if (!waiting) throw new Error(`${name} is not under way`);
    if (error) waiting.fail(error);
    else waiting.confirm();
    await setImmediate();
  }
}

/** A window of its own for each call, or for several. */
function windowOn(slow: Slow, maxInFlight: number, maxInFlightBytes = Infinity): PublishingWindow {
  return new PublishingWindow({
    maxInFlight,
    maxInFlightBytes,
    timeoutMs: 60_000,
    encode: (event) => ({
      bytes: 10,
      send: () => slow.publish(event),
      late: () => new Error('late'),
    }),
  });
}

describe('publishing in the order of the streams', () => {
  const never = new AbortController().signal;
  const batch = [event('a', 1), event('a', 2), event('b', 1), event('c', 1), event('b', 2)];

  it('never has two events of a stream under way, and no more than allowed', async () => {
    const slow = new Slow();
    const done = windowOn(slow, 2).publish(batch, never);
    expect(slow.arrived).toEqual(['a1', 'b1']);
    await slow.answer('b1');
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1']);
    await slow.answer('a1');
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1', 'a2']);
    await slow.answer('c1');
    await slow.answer('b2');
    await slow.answer('a2');
    await done;
    expect(slow.most).toBe(2);
  });

  it('after a failure brings those before it to their end, starts nothing behind it, and names it', async () => {
    const slow = new Slow();
    const done = windowOn(slow, 2).publish(batch, never);
    done.catch(() => undefined);
    await slow.answer('b1', eventRefused('too large'));
    expect(slow.arrived).toEqual(['a1', 'b1']);
    await slow.answer('a1');
    expect(slow.arrived).toEqual(['a1', 'b1', 'a2']);
    await slow.answer('a2');
    await expect(done).rejects.toMatchObject({ code: 'EVENT_REFUSED', transient: false, event: batch[2] });
  });

  it('of several failures tells the first in the order of the batch, which may be transient', async () => {
    const slow = new Slow();
    const done = windowOn(slow, 9).publish(batch, never);
    done.catch(() => undefined);
    await slow.answer('c1', eventRefused('too large'));
    await slow.answer('a1', new Error('gone'));
    await slow.answer('b1');
    await expect(done).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      transient: true,
      event: batch[0],
    });
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1']);
  });

  it('when it is stopped, waits for what is under way and starts nothing more', async () => {
    const slow = new Slow();
    const stop = new AbortController();
    const done = windowOn(slow, 9).publish(batch, stop.signal);
    done.catch(() => undefined);
    stop.abort();
    await slow.answer('a1');
    await slow.answer('b1');
    await slow.answer('c1');
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1']);
    await expect(done).rejects.toMatchObject({ transient: true, event: batch[1] });
  });

  it('publishes nothing when it was stopped before, and has nothing to do for no events', async () => {
    const slow = new Slow();
    const signal = AbortSignal.abort();
    await expect(windowOn(slow, 9).publish(batch, signal)).rejects.toMatchObject({
      event: batch[0],
    });
    expect(slow.arrived).toEqual([]);
    await windowOn(slow, 9).publish([], never);
  });

  it('keeps the order from one call to the next, side by side where streams differ', async () => {
    const slow = new Slow();
    const window = windowOn(slow, 9);
    const first = window.publish([event('a', 1), event('b', 1)], never);
    const second = window.publish([event('a', 2), event('c', 1)], never);
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1']);
    await slow.answer('a1');
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1', 'a2']);
    await slow.answer('a2');
    await slow.answer('c1');
    await second;
    await slow.answer('b1');
    await first;
  });

  it('sends no event of a stream whose former one has failed in an earlier call', async () => {
    const slow = new Slow();
    const window = windowOn(slow, 9);
    const first = window.publish([event('a', 1), event('a', 2)], never);
    const next = [event('b', 1), event('a', 3)];
    const second = window.publish(next, never);
    first.catch(() => undefined);
    second.catch(() => undefined);
    await slow.answer('a1', new Error('gone'));
    await slow.answer('b1');
    await expect(first).rejects.toMatchObject({ transient: true });
    await expect(second).rejects.toMatchObject({ transient: true, event: next[1] });
    expect(slow.arrived).toEqual(['a1', 'b1']);
    // and then it begins anew
    const again = window.publish([event('a', 1)], never);
    await slow.answer('a1');
    await again;
  });

  it('waits for what is under way of a stream, also when a call between was given up', async () => {
    const slow = new Slow();
    const window = windowOn(slow, 9);
    const stop = new AbortController();
    const first = window.publish([event('a', 1)], never);
    const second = window.publish([event('a', 2)], stop.signal);
    second.catch(() => undefined);
    stop.abort();
    await expect(second).rejects.toMatchObject({ transient: true });
    const third = window.publish([event('a', 2)], never);
    expect(slow.arrived).toEqual(['a1']);
    await slow.answer('a1');
    await slow.answer('a2');
    await Promise.all([first, third]);
  });

  it('has no more bytes under way than allowed, and one message of any size', async () => {
    const slow = new Slow();
    const done = windowOn(slow, 9, 25).publish([event('a', 1), event('b', 1), event('c', 1)], never);
    expect(slow.arrived).toEqual(['a1', 'b1']);
    await slow.answer('a1');
    expect(slow.arrived).toEqual(['a1', 'b1', 'c1']);
    await slow.answer('b1');
    await slow.answer('c1');
    await done;
    const alone = windowOn(slow, 9, 5).publish([event('d', 1), event('e', 1)], never);
    expect(slow.open.size).toBe(1);
    await slow.answer('d1');
    await slow.answer('e1');
    await alone;
  });

  it('gives up what is not confirmed in time, and goes on with others', async () => {
    const slow = new Slow();
    const given: string[] = [];
    const window = new PublishingWindow({
      maxInFlight: 1,
      maxInFlightBytes: Infinity,
      timeoutMs: 20,
      encode: (sent) => ({
        bytes: 1,
        send: () => slow.publish(sent),
        late: () => new Error(`late ${sent.streamId}`),
        abandon: () => void given.push(sent.streamId),
      }),
    });
    const first = window.publish([event('a', 1)], never);
    const second = window.publish([event('b', 1)], never);
    await expect(first).rejects.toThrow('late a');
    await expect(second).rejects.toThrow('late b');
    expect(given).toEqual(['a', 'b']);
  });

  it('gives up everything that is late before anything else is sent', async () => {
    jest.useFakeTimers(); // so that both are sent at the same time
    const said: string[] = [];
    const window = new PublishingWindow({
      maxInFlight: 2,
      maxInFlightBytes: Infinity,
      timeoutMs: 20,
      encode: (sent) => ({
        bytes: 1,
        send: () => {
          said.push(`send ${sent.streamId}`);
          return sent.streamId === 'c' ? Promise.resolve() : new Promise(() => undefined);
        },
        late: () => {
          said.push(`late ${sent.streamId}`);
          return new Error('late');
        },
      }),
    });
    const first = window.publish([event('a', 1), event('b', 1)], never);
    const second = window.publish([event('c', 1)], never);
    const failed = expect(first).rejects.toThrow('late');
    await jest.advanceTimersByTimeAsync(30);
    jest.useRealTimers();
    await failed;
    await second;
    expect(said).toEqual(['send a', 'send b', 'late a', 'late b', 'send c']);
  });

  it('tells what waits before it sends whether it was given up', async () => {
    let connect: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => (connect = resolve));
    const sent: number[] = [];
    let attempt = 0;
    const window = new PublishingWindow({
      maxInFlight: 9,
      maxInFlightBytes: Infinity,
      timeoutMs: 20,
      encode: () => {
        const own = attempt++;
        return {
          bytes: 1,
          send: async (isWanted) => {
            await connected;
            if (isWanted()) sent.push(own);
          },
          late: () => new Error('late'),
        };
      },
    });
    await expect(window.publish([event('a', 1)], never)).rejects.toThrow('late');
    const again = window.publish([event('a', 1)], never);
    connect();
    await again;
    expect(sent).toEqual([1]);
  });
});
