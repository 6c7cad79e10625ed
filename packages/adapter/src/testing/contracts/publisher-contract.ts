import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '../../event/index.js';
import type { EventPublisher } from '../../outbox/index.js';
import { type CloudEvent, toCloudEvent } from '../../brokers/cloud-events/index.js';
import { type ContractOptions, declareContract, type Demands } from './declare-contract.js';
import { awkwardEvent, contractEvent, mixedEvents, newStream } from './contract-events.js';

/** A publisher together with the other side of its broker. */
export interface PublisherUnderTest {
  readonly publisher: EventPublisher;
  /** All that has arrived since it was opened, in the order of arrival, repeated ones, too. */
  received(): Promise<readonly CloudEvent[]> | readonly CloudEvent[];
  /** Makes the broker unreachable; left out with `outages: false`. */
  readonly interrupt?: () => Promise<void>;
  /** Makes it reachable again, with what it had confirmed. */
  readonly resume?: () => Promise<void>;
  /** Makes of an event one that the broker will never take; left out with `refusals: false`. */
  readonly unacceptable?: (event: RecordedEvent) => RecordedEvent;
  close(): Promise<void>;
}

export interface PublisherContractOptions extends ContractOptions {
  /** Whether the broker can be made unreachable: `interrupt` and `resume`. @defaultValue true */
  readonly outages?: boolean;
  /** Whether there are events that it will never take: `unacceptable`. @defaultValue true */
  readonly refusals?: boolean;
}

const running = new AbortController().signal;

/**
 * What a relay relies on, as tests. Every publisher of this package passes; run it on one of your own.
 * @param open - called for each test
 * @example publisherContract('our queue', async () => ({ publisher, received, close }), { outages: false, refusals: false })
 */
export function publisherContract(
  name: string,
  open: () => Promise<PublisherUnderTest>,
  { outages = true, refusals = true, ...framework }: PublisherContractOptions = {},
): void {
  const demands = { ...always, ...(outages && duringOutages), ...(refusals && onRefusal) };
  declareContract(`${name} as a publisher`, demands, framework, async (body) => {
    const subject = await open();
    try {
      await body(subject);
    } finally {
      await subject.publisher.close?.();
      await subject.close();
    }
  });
}

const always: Demands<PublisherUnderTest> = {
  'has given everything over when it resolves, in the order of each stream': async (subject) => {
    const events = mixedEvents(20, 25);
    await subject.publisher.publish(events, running);
    const received = await arrived(subject, events);
    assertOrder(received);
    assert.equal(received.length, events.length);
  },

  'keeps the order of a stream from batch to batch': async (subject) => {
    const stream = newStream();
    const events = Array.from({ length: 30 }, (_, index) => contractEvent(stream, index + 1));
    for (let first = 0; first < events.length; first += 7) {
      await subject.publisher.publish(events.slice(first, first + 7), running);
    }
    const received = await arrived(subject, events);
    assert.deepEqual(
      received.map(({ streamposition }) => Number(streamposition)),
      events.map((event) => event.streamPosition),
    );
  },

  'carries attributes and data as they are': async (subject) => {
    const event = awkwardEvent();
    await subject.publisher.publish([event], running);
    const [received] = await arrived(subject, [event]);
    assert.ok(received?.source, 'a CloudEvent has a source');
    assert.deepEqual({ ...received }, toCloudEvent(event, received.source));
  },

  'gives an event that is published again the same source and id': async (subject) => {
    const event = contractEvent(newStream(), 1);
    await subject.publisher.publish([event], running);
    await subject.publisher.publish([event], running);
    const received = await arrived(subject, [event]);
    assert.equal(new Set(received.map(({ source, id }) => `${source} ${id}`)).size, 1);
  },

  'publishes several batches side by side': async (subject) => {
    const batches = Array.from({ length: 4 }, () => mixedEvents(5, 10));
    await Promise.all(batches.map((batch) => subject.publisher.publish(batch, running)));
    const received = await arrived(subject, batches.flat());
    assertOrder(received);
  },

  'has nothing to do for no events': async (subject) => {
    await subject.publisher.publish([], running);
  },

  'publishes nothing when it was stopped before': async (subject) => {
    const event = contractEvent(newStream(), 1);
    const failure = await failureOf(subject.publisher, [event], AbortSignal.abort());
    assert.notEqual(failure?.transient, false);
    const probe = contractEvent(newStream(), 1);
    await subject.publisher.publish([probe], running);
    const received = await arrived(subject, [probe]);
    assert.deepEqual(
      received.map(({ subject: stream }) => stream),
      [`order-${probe.streamId}`],
    );
  },

  'publishes again after close()': async (subject) => {
    const [first, second] = [contractEvent(newStream(), 1), contractEvent(newStream(), 1)];
    await subject.publisher.publish([first], running);
    await subject.publisher.close?.();
    await subject.publisher.close?.();
    await subject.publisher.publish([second], running);
    await arrived(subject, [first, second]);
  },
};

const duringOutages: Demands<PublisherUnderTest> = {
  'loses nothing and keeps the order when the broker goes away and comes back': async (subject) => {
    assert.ok(subject.interrupt && subject.resume, 'Give interrupt() and resume(), or outages: false.');
    const events = mixedEvents(10, 40);
    await relay(subject.publisher, events.slice(0, 100));
    await subject.interrupt();
    let published = false;
    const rest = relay(subject.publisher, events.slice(100)).then(() => (published = true));
    await sleep(500);
    assert.equal(published, false, 'nothing is confirmed while the broker is away');
    await subject.resume();
    await rest;
    assertOrder(await arrived(subject, events));
  },

  'says that it could not reach the broker, and not that it never will': async (subject) => {
    assert.ok(subject.interrupt && subject.resume, 'Give interrupt() and resume(), or outages: false.');
    await subject.interrupt();
    const event = contractEvent(newStream(), 1);
    // One that waits for the broker by itself is given up.
    const failure = await failureOf(subject.publisher, [event], AbortSignal.timeout(20_000));
    assert.ok(failure, 'it resolved without a broker');
    assert.notEqual(failure.transient, false);
    await subject.resume();
    await relay(subject.publisher, [event]);
    await arrived(subject, [event]);
  },
};

const onRefusal: Demands<PublisherUnderTest> = {
  'names the event that the broker will never take, with those before it delivered': async (subject) => {
    assert.ok(subject.unacceptable, 'Give unacceptable(), or refusals: false.');
    const events = mixedEvents(3, 3);
    events[4] = subject.unacceptable(events[4] as RecordedEvent);
    // On the way to it others may fail, too, and are tried again.
    const failure = await relay(subject.publisher, events).then(
      () => undefined,
      (error: Failure) => error,
    );
    assert.equal(failure?.transient, false, `transient: false was expected of ${String(failure)}`);
    assert.equal(failure.event, events[4]);
    const received = await arrived(subject, events.slice(0, 4));
    const behind = received.filter(
      ({ subject: stream, streamposition }) =>
        stream === `order-${events[4]?.streamId}` && Number(streamposition) > 1,
    );
    assert.deepEqual(behind, [], 'the later events of its stream stay behind');
    await subject.publisher.publish(
      events.slice(5).filter(({ streamId }) => streamId !== events[4]?.streamId),
      running,
    );
  },
};

interface Failure extends Error {
  transient?: boolean;
  event?: RecordedEvent;
}

async function failureOf(
  publisher: EventPublisher,
  events: readonly RecordedEvent[],
  signal: AbortSignal,
): Promise<Failure | undefined> {
  return publisher.publish(events, signal).then(
    () => undefined,
    (error: Failure) => error,
  );
}

/** As the relay does it: what fails is tried again from the first event that isn't confirmed. */
async function relay(publisher: EventPublisher, events: readonly RecordedEvent[]): Promise<void> {
  for (let first = 0; first < events.length;) {
    const batch = events.slice(first, first + 50);
    const failure = await failureOf(publisher, batch, running);
    if (!failure) first += batch.length;
    else if (failure.transient === false) throw failure;
    else {
      first += Math.max(
        0,
        batch.findIndex((event) => event === failure.event),
      );
      await sleep(50);
    }
  }
}

/** What has come when all of these have; that of earlier tests is not looked at. */
async function arrived(
  subject: PublisherUnderTest,
  events: readonly RecordedEvent[],
  timeoutMs = 20_000,
): Promise<readonly CloudEvent[]> {
  const wanted = events.map(
    ({ streamId, category, streamPosition }) => `${category}-${streamId}@${streamPosition}`,
  );
  for (const end = Date.now() + timeoutMs; ;) {
    const received = await subject.received();
    const ids = new Set(received.map(({ id }) => id));
    const missing = wanted.filter((id) => !ids.has(id));
    if (missing.length === 0) return received;
    assert.ok(
      Date.now() < end,
      `${missing.length} of ${wanted.length} events were confirmed and did not arrive: ${missing.slice(0, 5).join(', ')}`,
    );
    await sleep(20);
  }
}

/** At its first arrival every event follows the one before it; repeated ones may come later. */
function assertOrder(received: readonly CloudEvent[]): void {
  const last = new Map<string, number>();
  for (const { subject, streamposition } of received) {
    const before = last.get(subject) ?? 0;
    const position = Number(streamposition);
    assert.ok(position <= before + 1, `${subject}: ${position} came after ${before}`);
    last.set(subject, Math.max(before, position));
  }
}
