import assert from 'node:assert/strict';
import { type CloudEvent, toCloudEvent } from '../../brokers/cloud-events/index.js';
import type { InboxDelivery, InboxOutcome } from '../../brokers/inbox/index.js';
import { contractEvent, newStream } from './contract-events.js';
import { type ContractOptions, declareContract, type Demands } from './declare-contract.js';

/** An inbox, with a store of effects that is written in the transaction of each delivery. */
export interface InboxUnderTest {
  /**
   * Receives a message: in one transaction the inbox is given the event. For each event whose turn it is, the handler stores
   * `event.id` as its effect and then awaits `during`. Commits; or rolls back, and throws what was thrown.
   */
  deliver(
    event: CloudEvent,
    during: (event: CloudEvent, delivery: InboxDelivery) => Promise<void>,
  ): Promise<InboxOutcome>;
  /** The effects that are committed, in the order in which they were stored. */
  effects(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface InboxContractOptions extends ContractOptions {
  /** Whether it keeps the order of streams, and waits for event 1 of each. @defaultValue true */
  readonly order?: boolean;
  /** Whether it knows of events that the publisher's log has lost. Needs the order. @defaultValue true */
  readonly epochs?: boolean;
}

/**
 * What `createInbox` promises, as tests: for an inbox of your own, which stores elsewhere than in PostgreSQL what it has handled.
 * @param open - called for each test. Streams are new ones each time, so the store needs no emptying
 * @example inboxContract('our inbox in MySQL', async () => ({ deliver, effects, close }), { epochs: false })
 */
export function inboxContract(
  name: string,
  open: () => Promise<InboxUnderTest>,
  { order = true, epochs = order, ...framework }: InboxContractOptions = {},
): void {
  const demands = { ...always, ...(order && inOrder), ...(order && epochs && afterLosses) };
  declareContract(`${name} as an inbox`, demands, framework, async (body) => {
    const subject = await open();
    try {
      await body(subject);
    } finally {
      await subject.close();
    }
  });
}

const always: Demands<InboxUnderTest> = {
  'handles an event once, however often it comes': async (inbox) => {
    const event = sent(newStream(), 1);
    assert.deepEqual(
      [await deliver(inbox, event), await deliver(inbox, event), await deliver(inbox, event)],
      ['handled', 'duplicate', 'duplicate'],
    );
    assert.deepEqual(await effectsOf(inbox, event), [event.id]);
  },

  'takes the same id of another source for another event': async (inbox) => {
    const [event, other] = [sent(newStream(), 1), { source: '/depot' }];
    assert.equal(await deliver(inbox, event), 'handled');
    assert.equal(await deliver(inbox, { ...event, ...other }), 'handled');
    assert.deepEqual(await effectsOf(inbox, event), [event.id, event.id]);
  },

  'stores nothing where the handler fails, and handles the event when it comes again': async (inbox) => {
    const event = sent(newStream(), 1);
    await assert.rejects(deliver(inbox, event, failing(event)), refusal);
    assert.deepEqual(await effectsOf(inbox, event), []);
    assert.equal(await deliver(inbox, event), 'handled');
    assert.equal(await deliver(inbox, event), 'duplicate');
    assert.deepEqual(await effectsOf(inbox, event), [event.id]);
  },

  'handles an event once that several receivers get at the same time': async (inbox) => {
    const event = sent(newStream(), 1);
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => persistently(inbox, event)));
    assert.deepEqual(outcomes.sort(), ['duplicate', 'duplicate', 'duplicate', 'handled']);
    assert.deepEqual(await effectsOf(inbox, event), [event.id]);
  },
};

const inOrder: Demands<InboxUnderTest> = {
  'keeps what comes too early until its turn; other streams go on': async (inbox) => {
    const [stream, other] = [newStream(), newStream()];
    const outcomes: string[] = [];
    for (const position of [3, 1, 3, 2, 3]) outcomes.push(await deliver(inbox, sent(stream, position)));
    assert.deepEqual(outcomes, ['waiting', 'handled', 'waiting', 'handled', 'duplicate']);
    await deliver(inbox, sent(stream, 5));
    assert.equal(await deliver(inbox, sent(other, 1)), 'handled');
    assert.deepEqual(await positionsOf(inbox, stream), [1, 2, 3]);
  },

  'rolls back what it waited for together with what had waited': async (inbox) => {
    const [first, second, third] = inStream(newStream(), 3);
    await deliver(inbox, first);
    await deliver(inbox, third);
    await assert.rejects(deliver(inbox, second, failing(third)), refusal);
    assert.deepEqual(await effectsOf(inbox, first), [first.id]);
    assert.equal(await deliver(inbox, second), 'handled');
    assert.deepEqual(await effectsOf(inbox, first), [first.id, second.id, third.id]);
  },

  'handles each once and in order when several receivers get everything repeated and mixed': async (
    inbox,
  ) => {
    const streams = Array.from({ length: 3 }, () => newStream());
    const all = streams.flatMap((stream) => inStream(stream, 12));
    const queue = mixed([...all, ...all, ...all]);
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let next = queue.pop(); next; next = queue.pop()) await persistently(inbox, next);
      }),
    );
    for (const stream of streams)
      assert.deepEqual(
        await positionsOf(inbox, stream),
        Array.from({ length: 12 }, (_, index) => index + 1),
      );
  },
};

const afterLosses: Demands<InboxUnderTest> = {
  'takes what has the place of lost events, says what it replaces, and drops what comes too late': async (
    inbox,
  ) => {
    const stream = newStream();
    const told: [string, InboxDelivery['replaces']][] = [];
    const tell = (event: CloudEvent, { replaces }: InboxDelivery): Promise<void> =>
      Promise.resolve(void told.push([event.id, replaces]));
    for (const event of inStream(stream, 4)) await deliver(inbox, event);
    const [third, fourth] = [renewed(stream, 3, '0'), renewed(stream, 4)];
    assert.equal(await deliver(inbox, fourth, tell), 'waiting');
    assert.equal(await deliver(inbox, third, tell), 'handled');
    assert.equal(await deliver(inbox, third, tell), 'duplicate');
    assert.deepEqual(told, [
      [third.id, { epoch: '0', from: '3', through: '4' }],
      [fourth.id, undefined],
    ]);
    assert.equal(await deliver(inbox, sent(stream, 2)), 'duplicate');
    assert.equal(await deliver(inbox, sent(stream, 4)), 'superseded');
    assert.equal(await deliver(inbox, sent(stream, 5)), 'superseded');
    assert.equal(await deliver(inbox, renewed(stream, 5)), 'handled');
  },

  'waits for what has survived before a new epoch': async (inbox) => {
    const stream = newStream();
    const outcomes: string[] = [];
    for (const event of [sent(stream, 1), renewed(stream, 4), renewed(stream, 3, '0'), sent(stream, 2)])
      outcomes.push(await deliver(inbox, event));
    assert.deepEqual(outcomes, ['handled', 'waiting', 'waiting', 'handled']);
    assert.deepEqual(await positionsOf(inbox, stream), [1, 2, 3, 4]);
  },
};

const refusal = /The handler of this test fails\./;
const failing =
  ({ id }: CloudEvent) =>
  (event: CloudEvent): Promise<void> =>
    event.id === id ? Promise.reject(new Error('The handler of this test fails.')) : Promise.resolve();

type During = Parameters<InboxUnderTest['deliver']>[1];

function deliver(
  inbox: InboxUnderTest,
  event: CloudEvent,
  during: During = () => Promise.resolve(),
): Promise<InboxOutcome> {
  return inbox.deliver(event, during);
}

/** As a broker does: what fails, such as by a conflict of transactions, comes again. */
async function persistently(inbox: InboxUnderTest, event: CloudEvent): Promise<InboxOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await deliver(inbox, event);
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** Of the first epoch. */
function sent(stream: string, position: number): CloudEvent {
  return toCloudEvent(contractEvent(stream, position, { globalPosition: String(position) }), '/shop');
}

function inStream(stream: string, count: number): [CloudEvent, CloudEvent, CloudEvent, ...CloudEvent[]] {
  const events = Array.from({ length: count }, (_, index) => sent(stream, index + 1));
  return events as ReturnType<typeof inStream>;
}

/** Of an epoch that began when the log had lost events; the first of a stream says which epoch the one before it is of. */
function renewed(stream: string, position: number, previousEpoch?: string): CloudEvent {
  const place = { globalPosition: String(position), epoch: '7000', ...(previousEpoch && { previousEpoch }) };
  return toCloudEvent(contractEvent(stream, position, place), '/shop');
}

/** The same order each time. */
function mixed<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item, index) => ({ item, at: (index * 7919 + 104_729) % 1009 }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function effectsOf(inbox: InboxUnderTest, { subject }: CloudEvent): Promise<string[]> {
  return (await inbox.effects()).filter((id) => id.startsWith(`${subject}@`));
}

async function positionsOf(inbox: InboxUnderTest, stream: string): Promise<number[]> {
  const ids = await effectsOf(inbox, sent(stream, 1));
  return ids.map((id) => Number(/@(\d+)/.exec(id)?.[1]));
}
