import type { RecordedEvent } from '../../event/index.js';
import { brokerUnavailable, PublishError } from './publish-error.js';
import { ReadyMessages } from './ready-messages.js';
import { WindowMessage, type OutgoingMessage } from './window-message.js';

export interface WindowOptions {
  /** Messages under way at the same time, each of another stream. */
  readonly maxInFlight: number;
  /** Bytes under way at the same time; a message that is larger goes alone. */
  readonly maxInFlightBytes: number;
  /** Milliseconds that the confirmation of a message may take. */
  readonly timeoutMs: number;
  /** Encodes an event, when its turn has come. */
  readonly encode: (event: RecordedEvent) => OutgoingMessage;
}

/** How long what is under way may still be confirmed when the relay stops. */
const graceMs = 1000;

/** One call of `publish`: what became of its events. */
interface Call {
  readonly messages: readonly WindowMessage[];
  /** Of the first one that has failed; those behind it are not sent any more. */
  failedAt: number;
  stopped: boolean;
  left: number;
  readonly settled: () => void;
}

/**
 * What is under way to a broker, from all calls of one publisher. No broker can turn the order of a stream around: the next event of
 * a stream goes out when the one before is confirmed, also from one call to the next; streams go side by side. Events of a stream
 * whose former one has failed are not sent. After a failure those before it in its call are still brought to their end, so that
 * the error's `event` says it all: everything before it is confirmed.
 */
export class PublishingWindow {
  private readonly ready = new ReadyMessages();
  /** The last of each stream that isn't confirmed. */
  private readonly tails = new Map<string, WindowMessage>();
  /** In the order in which they were sent. */
  private readonly inFlight = new Set<WindowMessage>();
  private readonly calls = new Map<WindowMessage, Call>();
  private bytes = 0;
  private sequence = 0;
  private timer: NodeJS.Timeout | undefined;
  /** What is late is given up first: a broker that takes nothing is not given more meanwhile. */
  private isLooking = false;

  constructor(private readonly options: WindowOptions) {}

  /** @throws PublishError of the first event that isn't confirmed */
  async publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return;
    const messages = events.map((event, index) => new WindowMessage(event, index, this.sequence++));
    let settled: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (settled = resolve));
    const call: Call = {
      messages,
      failedAt: messages.length,
      stopped: signal.aborted,
      left: messages.length,
      settled,
    };
    for (const message of messages) this.add(message, call);
    let grace: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      call.stopped = true;
      grace = setTimeout(() => this.giveUp(call, signal.reason), graceMs);
      this.drop(call);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) this.drop(call);
    this.pump();
    await ended;
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
    const first = messages.find(({ state }) => state !== 'confirmed');
    if (first) throw named(first.error ?? stopped(signal), first.event);
  }

  private add(message: WindowMessage, call: Call): void {
    this.calls.set(message, call);
    const before = this.tails.get(message.stream);
    this.tails.set(message.stream, message);
    if (!before) return this.ready.add(message);
    before.next = message;
    message.before = before;
  }

  /** Sends what may go. */
  private pump(): void {
    while (!this.isLooking) {
      const message = this.ready.first();
      if (!message || this.inFlight.size >= this.options.maxInFlight) return;
      try {
        message.outgoing ??= this.options.encode(message.event);
      } catch (error) {
        this.ready.remove(message);
        this.fail(message, error);
        continue;
      }
      const { bytes } = message.outgoing;
      if (this.inFlight.size > 0 && this.bytes + bytes > this.options.maxInFlightBytes) return;
      this.ready.remove(message);
      this.launch(message, message.outgoing);
    }
  }

  private launch(message: WindowMessage, outgoing: OutgoingMessage): void {
    message.state = 'sent';
    message.sentAt = performance.now();
    this.inFlight.add(message);
    this.bytes += outgoing.bytes;
    outgoing
      .send(() => message.state === 'sent')
      .then(
        () => this.land(message) && this.confirm(message),
        (error: unknown) => this.land(message) && this.fail(message, error),
      );
    this.setTimer();
  }

  /** @returns false for one that nobody waits for any more */
  private land(message: WindowMessage): boolean {
    if (!this.inFlight.delete(message)) return false;
    this.bytes -= message.outgoing?.bytes ?? 0;
    delete message.outgoing;
    if (this.inFlight.size === 0) {
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    return true;
  }

  private confirm(message: WindowMessage): void {
    message.state = 'confirmed';
    const { next } = message;
    if (next) delete next.before;
    if (next?.state === 'waiting') this.ready.add(next);
    this.end(message);
    this.pump();
  }

  /** And with it what comes behind it: in its call, and in its stream. */
  private fail(message: WindowMessage, error: unknown): void {
    const call = this.calls.get(message);
    message.error = error;
    message.state = 'failed';
    if (call) {
      call.failedAt = Math.min(call.failedAt, message.index);
      this.drop(call);
    }
    this.failFollower(message, call);
    this.end(message);
    this.pump();
  }

  /** Takes back what a call has not sent: everything when it is stopped, what is behind its failure otherwise. */
  private drop(call: Call): void {
    for (const message of call.messages.slice(call.stopped ? 0 : call.failedAt)) {
      if (message.state !== 'waiting') continue;
      this.ready.remove(message);
      message.state = 'failed';
      this.failFollower(message, call);
      this.end(message);
    }
  }

  /** In another call; those of its own are dropped with it. */
  private failFollower({ next, event }: WindowMessage, call: Call | undefined): void {
    if (next?.state !== 'waiting' || this.calls.get(next) === call) return;
    const { category, streamId, streamPosition } = event;
    this.fail(next, brokerUnavailable(`${category}-${streamId}@${streamPosition} is not confirmed yet`));
  }

  private end(message: WindowMessage): void {
    if (this.tails.get(message.stream) === message) {
      let { before } = message;
      while (before && before.state !== 'waiting' && before.state !== 'sent') before = before.before;
      if (before) this.tails.set(message.stream, before);
      else this.tails.delete(message.stream);
    }
    const call = this.calls.get(message);
    if (!this.calls.delete(message) || !call) return;
    call.left--;
    if (call.left === 0) call.settled();
  }

  private giveUp({ messages }: Call, reason: unknown): void {
    for (const message of messages) if (message.state === 'sent') this.abandon(message, reason);
  }

  /** For the one that was sent first. */
  private setTimer(): void {
    const [first] = this.inFlight;
    if (this.timer || !first) return;
    const left = first.sentAt + this.options.timeoutMs - performance.now();
    this.timer = setTimeout(() => this.lookAtTime(), Math.max(1, left));
  }

  private lookAtTime(): void {
    this.timer = undefined;
    const sentBefore = performance.now() - this.options.timeoutMs;
    this.isLooking = true;
    for (const message of [...this.inFlight]) {
      if (message.sentAt > sentBefore) break;
      // the error of one may have ended others
      if (message.state === 'sent') this.abandon(message, message.outgoing?.late());
    }
    this.isLooking = false;
    this.pump();
    this.setTimer();
  }

  private abandon(message: WindowMessage, error: unknown): void {
    const { outgoing } = message;
    if (!this.land(message)) return;
    outgoing?.abandon?.();
    this.fail(message, error);
  }
}

function stopped(signal: AbortSignal): PublishError {
  return brokerUnavailable('The relay was stopped before the broker had everything', signal.reason);
}

function named(error: unknown, event: RecordedEvent): PublishError {
  const found =
    error instanceof PublishError ? error : brokerUnavailable('The broker could not be reached', error);
  found.event = event;
  return found;
}
