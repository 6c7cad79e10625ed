import { setImmediate } from 'node:timers/promises';
import type { RecordedEvent } from '../../event/index.js';
import { eventRefused } from './publish-error.js';
import { publishInOrder } from './publish-in-order.js';

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

describe('publishing in the order of the streams', () => {
  const never = new AbortController().signal;
  const batch = [event('a', 1), event('a', 2), event('b', 1), event('c', 1), event('b', 2)];

  it('never has two events of a stream under way, and no more than allowed', async () => {
    const slow = new Slow();
    const done = publishInOrder(batch, { maxInFlight: 2, signal: never, publish: slow.publish });
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
    const done = publishInOrder(batch, { maxInFlight: 2, signal: never, publish: slow.publish });
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
    const done = publishInOrder(batch, { maxInFlight: 9, signal: never, publish: slow.publish });
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
    const done = publishInOrder(batch, { maxInFlight: 9, signal: stop.signal, publish: slow.publish });
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
    await expect(
      publishInOrder(batch, { maxInFlight: 9, signal, publish: slow.publish }),
    ).rejects.toMatchObject({
      event: batch[0],
    });
    expect(slow.arrived).toEqual([]);
    await publishInOrder([], { maxInFlight: 9, signal: never, publish: slow.publish });
  });
});
